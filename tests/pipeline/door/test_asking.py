"""A program asks for a pattern; the light is in another thread, as it is in another process."""

import threading
from collections.abc import Iterator
from pathlib import Path

import gpiozero
import pytest
import redis
from gpiozero.pins.mock import MockFactory

from pipeline.door.asking import ask_light, read_wish, shown_pattern
from pipeline.door.door import Door
from pipeline.door.lights import SHOWN_S, VisitLights
from pipeline.hardware.status_light import Pattern, StatusLight

PATIENCE_S = 30.0


class WatchedLight(StatusLight):
    """Tells when it shows an alert."""

    def __init__(self) -> None:
        self.alerted = threading.Event()
        super().__init__()

    def show(self, pattern: Pattern, hold_s: float | None = None) -> bool:
        if pattern == Pattern.ALERT:
            self.alerted.set()
        return super().show(pattern, hold_s)


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchedLight]:
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    light = WatchedLight()
    yield light
    light.close()
    factory.reset()


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_for_is_shown_by_the_door(broker: redis.Redis, light: WatchedLight) -> None:
    door = Door(light, [])
    door.start()
    try:
        patient = threading.Event()
        for _ in range(100):
            if ask_light(Pattern.ALERT, 60.0):
                break
            patient.wait(0.05)  # its thread is about to listen
        assert light.alerted.wait(PATIENCE_S)
        assert shown_pattern(PATIENCE_S) == Pattern.ALERT
    finally:
        door.close()


def test_without_a_light_the_asker_is_told_so(broker: redis.Redis) -> None:
    assert ask_light(Pattern.ALERT) is False
    assert shown_pattern() is None


def test_without_redis_the_asker_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis.from_url(f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setattr("pipeline.door.asking.redis_client", lambda: away)
    monkeypatch.setattr("events.broadcast.redis_client", lambda: away)
    assert ask_light(Pattern.ALERT) is False
    assert shown_pattern() is None


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 1e9])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot be shown for"):
        ask_light(Pattern.ALERT, seconds)


@pytest.mark.parametrize("facts", [{}, {"pattern": "disco", "seconds": 1}, {"pattern": "alert", "seconds": []}])
def test_a_wish_of_another_version_is_none(facts: dict[str, object]) -> None:
    assert read_wish(facts) is None


def test_a_wish_gives_way_to_what_is_more_important_and_ends() -> None:
    lights = VisitLights()
    lights.asked(Pattern.KNOWN, until_s=100.0)
    assert lights.pattern(1.0) == Pattern.KNOWN
    lights.pressed(1, now_s=1.0)
    lights.decided(1, "blocked", now_s=1.0)
    assert lights.pattern(2.0) == Pattern.ALERT
    assert lights.pattern(99.0) == Pattern.KNOWN
    assert lights.pattern(100.0) == Pattern.IDLE


def test_off_is_off_until_a_visit_and_idle_takes_it_back() -> None:
    lights = VisitLights()
    lights.asked(Pattern.OFF, until_s=100.0)
    assert lights.pattern(1.0) == Pattern.OFF
    lights.pressed(1, now_s=1.0)
    lights.decided(1, "known", now_s=1.0)
    assert lights.pattern(1.0 + SHOWN_S / 2) == Pattern.KNOWN
    lights.asked(Pattern.IDLE, until_s=100.0)
    assert lights.pattern(50.0) == Pattern.IDLE
