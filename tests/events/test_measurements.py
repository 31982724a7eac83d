from datetime import timedelta
from pathlib import Path

import pytest
import redis
from django.utils import timezone

from events import measurements
from events.decisions import decide_event
from events.measurements import (
    BUCKETS_S,
    DETECTION,
    Histogram,
    histogram,
    measured,
    observe,
    percentile,
    recent_ms,
    together,
)
from events.models import Capture, CaptureStatus, Event, Trigger


def test_durations_fall_into_the_bucket_that_holds_them(broker: redis.Redis) -> None:
    for seconds in (0.001, 0.05, 0.0501, 99.0):
        observe(DETECTION, seconds)
    found = histogram(DETECTION)
    filled = {limit: count for limit, count in zip((*BUCKETS_S, None), found.counts, strict=True) if count}
    assert filled == {0.005: 1, 0.05: 1, 0.1: 1, None: 1}
    assert (found.total, round(found.sum_s, 4)) == (4, 99.1011)
    assert recent_ms(DETECTION) == [99000.0, 50.1, 50.0, 1.0]


def test_only_the_last_durations_are_kept(broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurements, "KEPT_DURATIONS", 2)
    for seconds in (1, 2, 3):
        observe(DETECTION, seconds)
    assert recent_ms(DETECTION) == [3000.0, 2000.0]


def test_a_block_that_raises_counts_as_failed(broker: redis.Redis) -> None:
    with pytest.raises(ValueError, match="no"), measured(DETECTION):
        raise ValueError("no")
    assert histogram(DETECTION) == Histogram((0,) * (len(BUCKETS_S) + 1), 0.0, failed=1)


def test_what_is_measured_together_is_sent_at_the_end(broker: redis.Redis) -> None:
    with together():
        observe(DETECTION, 0.05)
        with pytest.raises(ValueError, match="no"), measured(DETECTION):
            raise ValueError("no")
        assert histogram(DETECTION).total == 0
    assert (histogram(DETECTION).total, histogram(DETECTION).failed) == (1, 1)
    observe(DETECTION, 0.05)
    assert histogram(DETECTION).total == 2


def test_without_redis_a_measurement_is_lost_and_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nobody = redis.Redis.from_url(f"unix://{tmp_path}/redis.sock")
    monkeypatch.setattr(measurements, "redis_client", lambda: nobody)
    with measured(DETECTION):
        pass
    with pytest.raises(redis.RedisError):
        histogram(DETECTION)


@pytest.mark.parametrize(("share", "value"), [(0.5, 20.0), (0.95, 40.0), (0.0, 10.0), (1.0, 40.0)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile([40.0, 10.0, 30.0, 20.0], share) == value
    assert percentile([], share) is None


@pytest.mark.django_db(transaction=True)
def test_a_press_is_counted_and_timed_once_when_it_is_settled(broker: redis.Redis) -> None:
    pressed_at = timezone.now() - timedelta(seconds=3)
    event = Event.objects.create(trigger=Trigger.PRESS, started_at=pressed_at)
    Capture.objects.create(
        event=event, image="x.jpg", taken_at=pressed_at, width=1, height=1, status=CaptureStatus.DONE,
        created_at=pressed_at + timedelta(milliseconds=200),
    )  # fmt: skip
    decide_event(event.pk)
    assert measurements.visits() == {}
    Event.objects.update(closed_at=timezone.now())
    decide_event(event.pk)
    decide_event(event.pk)
    assert measurements.visits() == {("press", "no_face"): 1}
    assert recent_ms(measurements.PRESS_TO_PICTURE) == [200.0]
    assert [round(each / 1000) for each in recent_ms(measurements.PRESS_TO_DECISION)] == [3]
