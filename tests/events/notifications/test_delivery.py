"""Nothing is lost, nothing is told twice but after a crash, and nobody holds up anybody."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from events.models import Camera, Event, Outcome
from events.notifications.backoff import LONGEST, LONGEST_ASKED_FOR, SPREAD, wait_after
from events.notifications.claims import claim_notification, end_claim
from events.notifications.delivery import deliver_notification
from events.notifications.models import Notification, NotificationChannel, NotificationStatus, Step
from events.notifications.outbox import visit_began, visit_decided
from events.notifications.sweeping import sweep_notifications
from tests.conftest import REPOSITORY
from tests.events.notifications.conftest import MakeChannel, MakeVisit, Work
from tests.events.notifications.sinks import Call, HttpSink, Reply

WAITING, SENDING, SENT = NotificationStatus.WAITING, NotificationStatus.SENDING, NotificationStatus.SENT
FAILED, SKIPPED = NotificationStatus.FAILED, NotificationStatus.SKIPPED


@pytest.fixture
def row(webhook: NotificationChannel, make_visit: MakeVisit) -> Notification:
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    return event.notifications.get()


def test_only_one_of_two_workers_gets_a_notification(row: Notification) -> None:
    assert claim_notification(row.pk) is not None
    assert claim_notification(row.pk) is None


def test_what_is_not_due_cannot_be_claimed(row: Notification) -> None:
    Notification.objects.update(next_try_at=timezone.now() + timedelta(seconds=5))
    assert claim_notification(row.pk) is None


def test_a_worker_that_lost_its_claim_cannot_end_it(row: Notification) -> None:
    mine = claim_notification(row.pk)
    assert mine is not None
    Notification.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    theirs = claim_notification(row.pk)
    assert theirs is not None
    assert not end_claim(row.pk, mine, to=FAILED)
    assert end_claim(row.pk, theirs, to=SENT)


def test_a_passing_failure_is_tried_again_until_it_goes_out(row: Notification, sink: HttpSink, work: Work) -> None:
    sink.answer(Reply(500), Reply(reset=True), Reply(200))
    for _ in range(3):
        work()
    row.refresh_from_db()
    assert (row.status, row.attempts, row.error) == (SENT, 3, "")
    assert row.sent_at is not None
    assert row.title == "An unknown person is at the door"
    assert {call.headers["X-Doorbell-Delivery"] for call in sink.seen} == {sink.calls[0].headers["X-Doorbell-Delivery"]}


def test_a_permanent_failure_is_not_tried_again_and_shows_its_reason(
    row: Notification, sink: HttpSink, work: Work, webhook: NotificationChannel
) -> None:
    sink.answer(Reply(401))
    work()
    assert work() == 0
    row.refresh_from_db()
    webhook.refresh_from_db()
    assert row.status == FAILED
    assert row.error == webhook.last_error == f"{sink.url.removeprefix('http://')} answered 401"


def test_after_too_long_it_is_given_up_with_the_last_reason(
    row: Notification, sink: HttpSink, work: Work, settings: Settings
) -> None:
    settings.NOTIFY_GIVE_UP_S = 60
    sink.answer(Reply(503))
    work()
    Notification.objects.update(armed_at=timezone.now() - timedelta(seconds=61))
    work()
    row.refresh_from_db()
    assert row.status == FAILED
    assert row.error.startswith("given up after 2 attempts: 127.0.0.1:")
    assert row.error.endswith("answered 503")


def test_retry_after_rests_the_whole_channel_without_counting_attempts(
    row: Notification, sink: HttpSink, work: Work, webhook: NotificationChannel, make_visit: MakeVisit
) -> None:
    sink.answer(Reply(429, {"Retry-After": "120"}))
    work()
    row.refresh_from_db()
    webhook.refresh_from_db()
    assert row.next_try_at > timezone.now() + timedelta(seconds=100)
    assert webhook.paused_until is not None
    assert webhook.paused_until > timezone.now() + timedelta(seconds=100)
    event = make_visit(Outcome.UNKNOWN, unknown=1)
    visit_decided(event)
    work()
    other = event.notifications.get()
    assert (other.status, other.attempts, other.next_try_at) == (WAITING, 0, webhook.paused_until)
    assert len(sink.seen) == 1


def test_a_channel_that_hangs_again_and_again_rests_so_that_others_go_out(
    webhook: NotificationChannel, make_channel: MakeChannel, sink: HttpSink, make_visit: MakeVisit, work: Work,
    settings: Settings,
) -> None:  # fmt: skip
    settings.NOTIFY_TIMEOUT_S, settings.NOTIFY_RETRY_BASE_S = 0.1, 60.0
    make_channel("log", {})
    sink.answer(Reply(hang=True))
    for _ in range(6):
        visit_decided(make_visit(Outcome.UNKNOWN, unknown=1))
    work()
    told = Notification.objects.filter(channel__kind="log", status=SENT).count()
    assert (told, len(sink.seen)) == (6, 3)


def test_a_lost_lease_is_delivered_by_the_next_worker(row: Notification, sink: HttpSink, work: Work) -> None:
    claim_notification(row.pk)
    assert work() == 0
    Notification.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    work()
    row.refresh_from_db()
    assert (row.status, row.attempts) == (SENT, 2)


def test_a_bug_in_a_channel_is_stored_where_people_look_and_tried_again(row: Notification) -> None:
    class Broken:
        def send(self, _message: object) -> dict[str, str]:
            raise ZeroDivisionError("division by zero")

    deliver_notification(row.pk, Broken())
    row.refresh_from_db()
    assert (row.status, row.error) == (WAITING, "ZeroDivisionError: division by zero")


def test_a_channel_switched_off_in_between_is_skipped(row: Notification, work: Work, sink: HttpSink) -> None:
    NotificationChannel.objects.update(is_enabled=False)
    work()
    row.refresh_from_db()
    assert (row.status, row.error, sink.seen) == (SKIPPED, "the channel is switched off", [])


def test_somebody_is_at_the_door_is_no_news_a_minute_later(
    webhook: NotificationChannel, make_visit: MakeVisit, work: Work, sink: HttpSink
) -> None:
    event = make_visit()
    visit_began(event)
    Notification.objects.update(armed_at=timezone.now() - timedelta(seconds=90))
    work()
    assert event.notifications.get().status == SKIPPED
    assert sink.seen == []


def test_a_deleted_event_or_channel_takes_its_notifications_along(row: Notification) -> None:
    row.channel.delete()
    deliver_notification(row.pk)
    assert not Notification.objects.exists()


def test_the_sweeper_leaves_alone_what_was_queued_a_moment_ago(row: Notification) -> None:
    Notification.objects.update(queued_at=timezone.now())
    assert sweep_notifications() == 0


def test_the_sweeper_forgets_old_messages_about_the_doorbell(webhook: NotificationChannel) -> None:
    old = timezone.now() - timedelta(days=31)
    Notification.objects.create(channel=webhook, step=Step.SYSTEM, title="x", status=SENT, created_at=old)
    sweep_notifications()
    assert not Notification.objects.exists()


@pytest.mark.parametrize(("failures", "longest_s"), [(1, 2), (2, 4), (3, 8), (100, LONGEST.total_seconds())])
def test_waits_double_up_to_a_limit(failures: int, longest_s: float) -> None:
    wait_s = wait_after(failures, base_s=2.0).total_seconds()
    assert longest_s * (1 - SPREAD) <= wait_s <= longest_s * (1 + SPREAD)


def test_what_was_asked_for_is_waited_for_up_to_an_hour() -> None:
    assert wait_after(1, base_s=2.0, retry_after_s=300) == timedelta(seconds=300)
    assert wait_after(1, base_s=2.0, retry_after_s=10**9) == LONGEST_ASKED_FOR


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_sending_and_recording_sends_once_more(
    row: Notification, sink: HttpSink, work: Work
) -> None:
    """The one case in which a channel is told twice; the receiver can tell by the delivery id."""
    code = f"import django; django.setup(); import events.notifications.delivery as d; d.deliver_notification({row.pk})"
    database = f"sqlite:///{connection.settings_dict['NAME']}" if connection.vendor == "sqlite" else None
    environment = os.environ | ({"DATABASE_URL": database} if database else {})
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, env=environment)

    def kill_the_sender(_call: Call) -> Reply:
        if len(sink.seen) == 1:
            os.kill(worker.pid, signal.SIGKILL)
        return Reply()

    sink.decide = kill_the_sender
    assert worker.wait(timeout=60) == -signal.SIGKILL
    row.refresh_from_db()
    assert row.status == SENDING
    Notification.objects.update(claimed_at=timezone.now() - timedelta(seconds=django_settings.NOTIFY_LEASE_S + 1))
    work()
    row.refresh_from_db()
    assert (row.status, row.attempts) == (SENT, 2)
    assert len({call.headers["X-Doorbell-Delivery"] for call in sink.seen}) == 1
    assert len(sink.seen) == 2


@pytest.mark.timeout(600)
def test_a_thousand_visits_by_a_channel_that_fails_half_the_time(
    webhook: NotificationChannel, camera: Camera, sink: HttpSink, work: Work
) -> None:
    chance = random.Random(7)
    failures = [Reply(500), Reply(429, {"Retry-After": "0"}), Reply(reset=True)]
    sink.decide = lambda _call: chance.choice(failures) if chance.random() < 0.5 else Reply()
    webhook.is_told_everything = True
    webhook.save()
    now = timezone.now()
    events = Event.objects.bulk_create(
        Event(camera=camera, trigger="press", started_at=now, outcome=Outcome.NO_FACE, decided_at=now)
        for _ in range(1000)
    )
    for event in events:
        visit_decided(event)
    rounds = 0
    while work():
        rounds += 1
        assert rounds < 100
    told = Counter(call.json["event"]["id"] for call in sink.calls)
    assert told == {event.pk: 1 for event in events}
    assert Notification.objects.filter(status=SENT).count() == 1000
    assert len(sink.seen) > 1500
