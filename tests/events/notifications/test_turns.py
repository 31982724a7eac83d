"""Threads of one worker share the channels: none waits for another, and each is told one thing at a time."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from events.models import Camera, Event, Outcome
from events.notifications import delivery, turns
from events.notifications.models import Notification, NotificationChannel, NotificationStatus, Priority, Step
from events.notifications.outbox import visit_began, visit_decided
from events.notifications.turns import Turns, deliver_in_turn
from tests.events.notifications.conftest import SECRET, MakeChannel
from tests.events.notifications.sinks import Call, HttpSink, Reply

SENDING, SENT, WAITING = NotificationStatus.SENDING, NotificationStatus.SENT, NotificationStatus.WAITING
PATIENCE_S = 20.0

with_threads = pytest.mark.django_db(transaction=True)


class Threads:
    """The threads of a worker, each with a database connection of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=4)

    def deliver(self, row: Notification) -> "Future[None]":
        return self._pool.submit(_deliver, row.pk)

    def close(self) -> None:
        self._pool.shutdown()


def _deliver(pk: int) -> None:
    try:
        deliver_in_turn(pk)
    finally:
        connections.close_all()


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads()
    yield threads
    threads.close()


class SlowSink(HttpSink):
    """Does not answer its first call before `release`."""

    def __init__(self) -> None:
        super().__init__()
        self._is_called = threading.Event()
        self._is_released = threading.Event()
        self.decide = self._hold

    def _hold(self, _call: Call) -> Reply:
        self._is_called.set()
        assert self._is_released.wait(PATIENCE_S)
        return Reply()

    def wait_for_call(self) -> None:
        assert self._is_called.wait(PATIENCE_S)

    def release(self) -> None:
        self._is_released.set()

    def close(self) -> None:
        self.release()
        super().close()


@pytest.fixture
def slow() -> Iterator[SlowSink]:
    sink = SlowSink()
    yield sink
    sink.close()


@pytest.fixture
def slow_channel(make_channel: MakeChannel, slow: SlowSink) -> NotificationChannel:
    return make_channel("webhook", {"url": f"{slow.url}/slow", "secret": SECRET})


def visit(camera: Camera, outcome: Outcome = Outcome.NO_FACE) -> Event:
    now = timezone.now()
    decided_at = None if outcome == Outcome.PENDING else now
    return Event.objects.create(camera=camera, trigger="press", started_at=now, outcome=outcome, decided_at=decided_at)


def told_visit(camera: Camera) -> Event:
    event = visit(camera)
    visit_decided(event)
    return event


def row_for(event: Event, channel: NotificationChannel) -> Notification:
    return event.notifications.get(channel=channel)


def status_of(row: Notification) -> str:
    row.refresh_from_db()
    return row.status


@with_threads
def test_a_channel_that_hangs_holds_up_no_other(
    slow_channel: NotificationChannel, slow: SlowSink, webhook: NotificationChannel, sink: HttpSink, camera: Camera,
    threads: Threads,
) -> None:  # fmt: skip
    event = told_visit(camera)
    hangs = threads.deliver(row_for(event, slow_channel))
    slow.wait_for_call()
    threads.deliver(row_for(event, webhook)).result(PATIENCE_S)
    assert [call.json["event"]["id"] for call in sink.calls] == [event.pk]
    assert status_of(row_for(event, slow_channel)) == SENDING
    slow.release()
    hangs.result(PATIENCE_S)
    assert status_of(row_for(event, slow_channel)) == SENT


@with_threads
def test_what_waits_for_a_channel_keeps_no_thread_and_goes_out_in_order(
    slow_channel: NotificationChannel, slow: SlowSink, camera: Camera, threads: Threads
) -> None:
    events = [told_visit(camera) for _ in range(7)]
    first = threads.deliver(row_for(events[0], slow_channel))
    slow.wait_for_call()
    for event in events[1:]:
        threads.deliver(row_for(event, slow_channel)).result(PATIENCE_S)
    assert len(slow.seen) == 1
    slow.release()
    first.result(PATIENCE_S)
    assert [call.json["event"]["id"] for call in slow.calls] == [event.pk for event in events]


@with_threads
def test_the_same_message_twice_in_the_queue_is_told_once(
    slow_channel: NotificationChannel, slow: SlowSink, camera: Camera, threads: Threads
) -> None:
    rows = [row_for(told_visit(camera), slow_channel) for _ in range(2)]
    first = threads.deliver(rows[0])
    slow.wait_for_call()
    for row in (rows[0], rows[1], rows[1]):
        threads.deliver(row).result(PATIENCE_S)
    slow.release()
    first.result(PATIENCE_S)
    threads.deliver(rows[1]).result(PATIENCE_S)
    assert len(slow.seen) == 2
    assert [row.status for row in Notification.objects.all()] == [SENT, SENT]


@with_threads
def test_the_name_never_overtakes_somebody_is_at_the_door(
    slow_channel: NotificationChannel, slow: SlowSink, camera: Camera, threads: Threads
) -> None:
    """The decision was made up while the first message was still due: both are rows when the first hangs."""
    event = visit(camera, Outcome.PENDING)
    visit_began(event)
    began = row_for(event, slow_channel)
    decided = Notification.objects.create(event=event, channel=slow_channel, step=Step.DECIDED)
    first = threads.deliver(began)
    slow.wait_for_call()
    Event.objects.update(outcome=Outcome.NO_FACE, decided_at=timezone.now())
    threads.deliver(decided).result(PATIENCE_S)
    assert len(slow.seen) == 1
    slow.release()
    first.result(PATIENCE_S)
    assert [call.json["type"] for call in slow.calls] == ["visit.began", "visit.decided"]


@with_threads
def test_many_threads_tell_every_channel_of_every_visit_once(
    make_channel: MakeChannel, sink: HttpSink, camera: Camera, threads: Threads
) -> None:
    channels = [make_channel("webhook", {"url": f"{sink.url}/{n}", "secret": SECRET}) for n in range(3)]
    events = [told_visit(camera) for _ in range(10)]
    rows = [row_for(event, channel) for event in events for channel in channels]
    for done in [threads.deliver(row) for row in rows + rows]:
        done.result(PATIENCE_S)
    told = sorted((call.path, call.json["event"]["id"]) for call in sink.seen)
    assert told == sorted((f"/{n}", event.pk) for n in range(3) for event in events)


def test_a_turn_that_lasts_too_long_gives_the_rest_back_to_the_queue(
    webhook: NotificationChannel, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row_for(told_visit(camera), webhook) for _ in range(3)]
    line = Turns()
    sent: list[Notification] = []
    monkeypatch.setattr(turns, "_turns", line)
    monkeypatch.setattr(turns, "send_rows", sent.extend)
    monkeypatch.setattr(turns, "TURN_SHARE", 0.0)

    def queue_the_others(_pk: int) -> None:
        for row in rows[1:]:
            deliver_in_turn(row.pk)

    monkeypatch.setattr(turns, "deliver_notification", queue_the_others)
    deliver_in_turn(rows[0].pk)
    assert sent == rows[1:]
    assert line.take(webhook.pk, rows[1].pk, 0)


def test_a_delivery_that_breaks_frees_the_channel_and_loses_nobody(
    webhook: NotificationChannel, camera: Camera, sink: HttpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row_for(told_visit(camera), webhook) for _ in range(2)]
    sent: list[Notification] = []
    monkeypatch.setattr(turns, "send_rows", sent.extend)

    def break_down(_pk: int) -> None:
        deliver_in_turn(rows[1].pk)
        raise ConnectionError("the database is away")

    monkeypatch.setattr(turns, "deliver_notification", break_down)
    with pytest.raises(ConnectionError):
        deliver_in_turn(rows[0].pk)
    assert sent == rows[1:]
    monkeypatch.setattr(turns, "deliver_notification", delivery.deliver_notification)
    deliver_in_turn(rows[1].pk)
    assert len(sink.calls) == 1


def test_a_line_is_by_urgency_and_then_by_arrival() -> None:
    line = Turns()
    assert line.take(1, 10, 0)
    assert [line.take(1, pk, rank) for pk, rank in ((11, 5), (12, 0), (13, 5), (14, 0), (12, 0))] == [False] * 5
    assert line.take(2, 20, 0)
    assert [line.next_in_line(1) for _ in range(2)] == [12, 14]
    assert line.end(1) == [11, 13]
    assert line.next_in_line(2) is None
    assert line.end(2) == []


def test_a_low_message_gives_way_in_line_as_in_the_queue(
    webhook: NotificationChannel, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row_for(told_visit(camera), webhook) for _ in range(3)]
    Notification.objects.filter(pk=rows[1].pk).update(priority=Priority.LOW)
    Notification.objects.exclude(pk=rows[1].pk).update(priority=Priority.URGENT)
    delivered: list[int] = []

    def deliver(pk: int) -> None:
        delivered.append(pk)
        if pk == rows[0].pk:
            for row in rows[1:]:
                deliver_in_turn(row.pk)

    monkeypatch.setattr(turns, "deliver_notification", deliver)
    deliver_in_turn(rows[0].pk)
    assert delivered == [rows[0].pk, rows[2].pk, rows[1].pk]


def test_a_notification_that_was_deleted_is_nobodys_turn(db: None) -> None:
    deliver_in_turn(7)
