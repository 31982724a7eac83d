from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from events.models import Camera, Capture, CaptureStatus, Event, Outcome, Trigger
from events.notifications.models import Notification, NotificationChannel, NotificationStatus, Step
from faces.models import FaceSample, Person
from health import activity, measuring
from health.facts import CameraFact, NotificationFact, PressFact, StuckFact
from health.measuring import DATABASE, Measurement, gather_facts
from health.models import RecoveryAttempt
from pipeline.camera_figures import CameraFigures, tell_figures
from pipeline.heartbeat import worker_key

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def ago(**words: float) -> datetime:
    return NOW - timedelta(**words)


def event(**words: Any) -> Event:
    return Event.objects.create(**{"trigger": Trigger.MOTION, "started_at": ago(seconds=1)} | words)


def capture(visit: Event, **words: Any) -> Capture:
    facts = {"image": "x.jpg", "taken_at": NOW, "width": 1, "height": 1, "status_at": NOW, "created_at": NOW}
    return Capture.objects.create(event=visit, **facts | words)


def test_everything_is_measured_when_all_answer(broker: redis.Redis) -> None:
    broker.set(worker_key("detection"), 1)
    facts = gather_facts(NOW)
    assert facts.unmeasured == {}
    assert facts.broker_ms is not None
    assert facts.database_ms is not None
    assert facts.workers is not None
    assert facts.workers["detection"] == 1
    assert facts.disk is not None
    assert 0 <= facts.disk.free_mb <= facts.disk.total_mb


def test_a_broker_that_is_away_is_asked_once_and_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse() -> redis.Redis:
        asked.append(1)
        raise redis.ConnectionError("redis://:secret@host refused")

    monkeypatch.setattr(measuring, "redis_client", refuse)
    facts = gather_facts(NOW)
    away = dict.fromkeys(("broker_ms", "workers", "queues"), "the broker does not answer")
    assert facts.unmeasured == away
    assert len(asked) == 1
    assert facts.cameras == ()


def test_a_database_that_is_away_is_asked_once_and_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_now: datetime) -> float:
        raise OperationalError("no route to secret-host")

    refused = (Measurement("database_ms", refuse), *measuring.MEASUREMENTS[2:])
    monkeypatch.setattr(measuring, "MEASUREMENTS", refused)
    monkeypatch.setattr(measuring, "close_old_connections", lambda: None)
    facts = gather_facts(NOW)
    assert set(facts.unmeasured.values()) <= {DATABASE, "the broker does not answer"}
    assert facts.unmeasured["presses"] == DATABASE
    assert facts.memory_percent is not None


def test_a_measurement_that_breaks_says_how_and_the_log_says_where(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_now: datetime) -> float:
        raise ValueError("no such sensor")

    monkeypatch.setattr(measuring, "MEASUREMENTS", (Measurement("temperature_c", broken),))
    assert gather_facts(NOW).unmeasured == {"temperature_c": "ValueError: no such sensor"}
    assert "temperature_c could not be measured" in caplog.messages
    assert 'raise ValueError("no such sensor")' in caplog.text


def test_what_is_away_fills_no_log_with_tracebacks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_now: datetime) -> float:
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(measuring, "MEASUREMENTS", (Measurement("broker_ms", refuse),))
    gather_facts(NOW)
    assert caplog.messages == ["broker_ms could not be measured: ConnectionError: refused"]
    assert "Traceback" not in caplog.text


def test_cameras_are_told_with_what_their_process_counts(broker: redis.Redis) -> None:
    seen_at = timezone.now()
    now = seen_at + timedelta(seconds=2)
    seen = Camera.objects.create(name="yard", source="0", state="live", seen_at=seen_at)
    Camera.objects.create(name="off", source="1", is_enabled=False)
    silent = Camera.objects.create(
        name="door", source="2", state="lost", state_text="no power", seen_at=now - timedelta(seconds=40)
    )
    tell_figures(seen, CameraFigures(fps=8.0, frames=80, skipped=1, motion_events=0, press_events=0, captures=0))
    assert activity.cameras(now) == (
        CameraFact(seen.pk, "yard", True, "live", "", True, 2.0, fps=8.0, frames=80, skipped=1),
        CameraFact(silent.pk, "door", False, "lost", "no power", True, 40.0),
    )


def test_the_oldest_row_of_each_queue_is_found(broker: redis.Redis) -> None:
    visit = event(closed_at=ago(seconds=50))
    capture(visit, status=CaptureStatus.SAVED, status_at=ago(seconds=30))
    capture(visit, status=CaptureStatus.SAVED, status_at=ago(seconds=10))
    capture(visit, status=CaptureStatus.DETECTED, status_at=ago(seconds=5))
    capture(visit, status=CaptureStatus.DONE, status_at=ago(seconds=500))
    through = event(closed_at=ago(seconds=20))
    capture(through, status=CaptureStatus.DONE)
    broker.lpush("doorbell:detection", "one", "two")
    found = activity.queues(NOW)
    assert (found["detection"].length, found["detection"].oldest_s) == (2, 30.0)
    assert (found["recognition"].length, found["recognition"].oldest_s) == (0, 5.0)
    assert (found["events"].length, found["events"].oldest_s) == (0, 20.0)


def test_rows_without_progress_count_as_stuck_however_often_they_were_sent_again() -> None:
    open_visit = event()
    capture(open_visit, status=CaptureStatus.DETECTING, created_at=ago(seconds=61), status_at=NOW)
    capture(open_visit, status=CaptureStatus.SAVED, created_at=ago(seconds=10))
    event(closed_at=ago(seconds=61))
    event(closed_at=ago(seconds=61), settled_at=NOW)
    assert activity.stuck(NOW) == StuckFact(captures=1, events=1)


def test_failures_and_visits_are_counted_by_the_minute() -> None:
    visit = event()
    capture(visit, status=CaptureStatus.FAILED, status_at=ago(minutes=9))
    capture(visit, status=CaptureStatus.FAILED, status_at=ago(minutes=11))
    event(started_at=ago(minutes=6))
    assert activity.failures_per_minute(NOW) == 0.1
    assert activity.events_per_minute(NOW) == 0.2


def test_presses_of_the_last_hour_are_timed_and_those_without_a_picture_left_out() -> None:
    def press(decided_ms: int, **words: Any) -> None:
        started = words.pop("started_at", ago(minutes=5))
        event(
            trigger=Trigger.PRESS, started_at=started, decided_at=started + timedelta(milliseconds=decided_ms), **words
        )

    for decided_ms in (100, 200, 900):
        press(decided_ms, outcome=Outcome.KNOWN)
    press(5, outcome=Outcome.NO_PICTURE)
    press(70_000, outcome=Outcome.KNOWN, started_at=ago(hours=2))
    assert activity.presses(NOW) == PressFact(3, 200.0, 900.0)


def test_notifications_of_a_day_and_channels_that_fail_are_told() -> None:
    good = NotificationChannel.objects.create(name="log", kind="log", sealed_config="")
    bad = NotificationChannel.objects.create(name="phone", kind="log", sealed_config="", failures=2)
    statuses = [NotificationStatus.SENT, NotificationStatus.SENT, NotificationStatus.FAILED, NotificationStatus.WAITING]
    for status in statuses:
        Notification.objects.create(channel=good, step=Step.SYSTEM, status=status)
    Notification.objects.create(
        channel=bad, step=Step.SYSTEM, status=NotificationStatus.FAILED, created_at=ago(hours=30)
    )
    assert activity.notifications(NOW) == NotificationFact(sent=2, failed=1, waiting=1, failing=("phone",))


def test_restarts_of_the_last_hour_are_counted() -> None:
    RecoveryAttempt.objects.create(process="detection worker 1", cause="signal 9", started_at=ago(minutes=3))
    RecoveryAttempt.objects.create(process="detection worker 1", cause="signal 9", started_at=ago(minutes=61))
    assert activity.restarts(NOW) == 1


def test_a_visit_in_the_future_shows_that_the_clock_was_set_back() -> None:
    assert activity.clock(NOW).ahead_s == 0.0
    event(started_at=NOW + timedelta(seconds=90))
    assert activity.clock(NOW).ahead_s == 90.0


def test_samples_of_another_encoding_model_are_counted(settings: Settings) -> None:
    person = Person.objects.create(name="Ada")
    for model in ("small", "small", "large"):
        FaceSample.objects.create(
            person=person, image="x", encoding=bytes(512), encoding_model=model, quality=1,
            box_top=0, box_right=1, box_bottom=1, box_left=0,
        )  # fmt: skip
    found = activity.models(NOW)
    assert (found.samples, found.foreign_samples) == (3, 1)


def test_files_that_the_engine_needs_are_missed(settings: Settings, tmp_path: Any) -> None:
    assert activity.models(NOW).missing == ()
    settings.DETECTOR = "yunet"
    settings.MODELS_DIR = tmp_path
    (missing,) = activity.models(NOW).missing
    assert missing.endswith("run `./doorbell manage fetch_models`")
