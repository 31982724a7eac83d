"""What got stuck goes on."""

from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from doorbell_site.celery import app
from events.claims import MAX_ATTEMPTS
from events.models import Capture, CaptureStatus, Event, Outcome
from pipeline.queues import queue_length
from pipeline.sweeper import BATCH, sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]

LONG_AGO = timedelta(minutes=5)


def stuck(status: CaptureStatus, *, trigger: str = "press", attempts: int = 0, is_claimed: bool = False) -> Capture:
    then = timezone.now() - LONG_AGO
    event = Event.objects.create(trigger=trigger, started_at=then, closed_at=then)
    return Capture.objects.create(
        event=event, image="gone.jpg", taken_at=then, width=1, height=1, status=status, status_at=then,
        attempts=attempts, claimed_at=then if is_claimed else None,
    )  # fmt: skip


def lengths() -> dict[str, int]:
    return {queue: queue_length(queue) for queue in ("detection", "recognition", "events")}


@pytest.mark.parametrize(
    ("status", "is_claimed", "queue"),
    [
        (CaptureStatus.SAVED, False, "detection"),
        (CaptureStatus.DETECTING, True, "detection"),
        (CaptureStatus.DETECTED, False, "recognition"),
        (CaptureStatus.RECOGNIZING, True, "recognition"),
    ],
)
def test_a_capture_is_sent_on_from_where_it_got_stuck(
    status: CaptureStatus, is_claimed: bool, queue: str, broker: redis.Redis
) -> None:
    stuck(status, is_claimed=is_claimed)
    sweep()
    assert lengths() == {"detection": 0, "recognition": 0, "events": 0} | {queue: 1}


def test_a_stuck_capture_is_not_sent_again_with_every_sweep(broker: redis.Redis) -> None:
    stuck(CaptureStatus.SAVED)
    sweep()
    sweep()
    assert lengths()["detection"] == 1


def test_presses_are_sent_before_motion(broker: redis.Redis) -> None:
    motion = stuck(CaptureStatus.SAVED, trigger="motion")
    press = stuck(CaptureStatus.SAVED)
    sweep()
    with app.connection_for_read() as connection:
        simple = connection.SimpleQueue("detection")
        order = [simple.get(timeout=2).payload[0][0] for _ in range(2)]
        simple.close()
    assert order == [press.pk, motion.pk]


def test_a_fresh_claim_is_left_to_its_worker(broker: redis.Redis) -> None:
    capture = stuck(CaptureStatus.DETECTING)
    Capture.objects.filter(pk=capture.pk).update(claimed_at=timezone.now(), status_at=timezone.now())
    sweep()
    assert lengths()["detection"] == 0


def test_a_picture_that_kills_every_worker_is_given_up_and_its_visit_decided(
    broker: redis.Redis, stages_at_once: None
) -> None:
    capture = stuck(CaptureStatus.DETECTING, attempts=MAX_ATTEMPTS, is_claimed=True)
    sweep()
    capture.refresh_from_db()
    event = Event.objects.get(pk=capture.event_id)
    assert capture.status == CaptureStatus.FAILED
    assert event.outcome == Outcome.NO_PICTURE
    assert event.reason == "given up after 5 attempts; the workers' log says what happened"


def test_a_visit_whose_camera_died_is_closed_and_decided(broker: redis.Redis, stages_at_once: None) -> None:
    event = Event.objects.create(trigger="press", started_at=timezone.now() - LONG_AGO)
    sweep()
    Event.objects.update(closed_at=timezone.now() - LONG_AGO)
    sweep()
    event.refresh_from_db()
    assert event.outcome == Outcome.NO_PICTURE
    assert event.settled_at is not None


def test_a_visit_that_was_decided_early_and_lost_its_last_word_is_settled(
    broker: redis.Redis, stages_at_once: None
) -> None:
    capture = stuck(CaptureStatus.DONE)
    Event.objects.filter(pk=capture.event_id).update(outcome=Outcome.KNOWN, decided_at=timezone.now())
    sweep()
    event = Event.objects.get(pk=capture.event_id)
    assert event.settled_at is not None
    assert event.outcome == Outcome.NO_FACE


def test_rows_wait_while_the_broker_is_away_and_are_sent_when_it_is_back(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = stuck(CaptureStatus.SAVED)
    with monkeypatch.context() as away:
        away.setattr("pipeline.sweeper.send", lambda *_args, **_kwargs: False)
        sweep()
    capture.refresh_from_db()
    assert timezone.now() - capture.status_at >= LONG_AGO
    request.getfixturevalue("broker")
    sweep()
    assert lengths()["detection"] == 1


def test_a_great_backlog_is_sent_in_parts(broker: redis.Redis) -> None:
    then = timezone.now() - LONG_AGO
    event = Event.objects.create(trigger="motion", started_at=then, closed_at=then)
    Capture.objects.bulk_create(
        Capture(event=event, image="x.jpg", taken_at=then, width=1, height=1, status_at=then) for _ in range(BATCH + 10)
    )
    sweep()
    assert lengths()["detection"] == BATCH
