"""Light and chime on mock pins, following rows and a real broker's words."""

import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import gpiozero
import pytest
from django.utils import timezone
from gpiozero.pins.mock import MockFactory
from pytest_django import Settings

from events.broadcast import DECIDED, PRESSED, broadcast, redis_client
from events.models import Camera, Event, Outcome, Trigger
from pipeline.broker import PrivateBroker
from pipeline.door.door import Door
from pipeline.door.opening import open_chimes, open_door, open_light
from pipeline.hardware.status_light import Pattern, StatusLight
from pipeline.ring import ring

PATIENCE_S = 30.0


class CountingChime:
    def __init__(self) -> None:
        self.sounded = threading.Semaphore(0)
        self.times = 0

    def sound(self) -> None:
        self.times += 1
        self.sounded.release()

    def close(self) -> None:
        pass


class HandClock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    """The machine's pins."""
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


@pytest.fixture
def light(pins: MockFactory) -> Iterator[StatusLight]:
    light = StatusLight()
    yield light
    light.close()


@pytest.fixture
def broker(settings: Settings) -> Iterator[PrivateBroker]:
    """A Redis for broadcasts."""
    with tempfile.TemporaryDirectory(prefix="door-") as folder:
        redis = PrivateBroker(Path(folder, "run", "r.sock"), Path(folder, "redis"), Path(folder, "r.log"))
        settings.CELERY_BROKER_URL = redis.url
        redis_client.cache_clear()
        redis.start()
        yield redis
        redis.stop()
    redis_client.cache_clear()


@pytest.mark.django_db
def test_a_press_lights_and_sounds_and_its_decision_follows(light: StatusLight) -> None:
    chime, clock = CountingChime(), HandClock()
    door = Door(light, [chime], clock)
    door.hear(None)
    door.hear((PRESSED, {"event": 7, "camera": 1}))
    assert (light.pattern, chime.times) == (Pattern.PROCESSING, 1)
    door.hear((DECIDED, {"event": 7, "outcome": "blocked"}))
    assert light.pattern == Pattern.ALERT
    clock.now_s += 60
    door.hear(None)
    assert (light.pattern, chime.times) == (Pattern.IDLE, 1)


@pytest.mark.django_db
def test_a_press_without_broadcast_is_found_in_the_rows(light: StatusLight) -> None:
    chime = CountingChime()
    door = Door(light, [chime])
    ring(pressed_by="test")  # without a broker that could broadcast it
    door.hear(None)
    door.hear(None)
    assert (light.pattern, chime.times) == (Pattern.ERROR, 1)


@pytest.mark.django_db
def test_a_press_that_is_both_broadcast_and_found_sounds_once(light: StatusLight) -> None:
    chime = CountingChime()
    door = Door(light, [chime])
    camera = Camera.objects.create(name="gate", state="live", seen_at=timezone.now())
    event = ring(camera, pressed_by="test").event
    door.hear((PRESSED, {"event": event.pk, "camera": camera.pk}))
    door.hear(None)
    assert (light.pattern, chime.times) == (Pattern.PROCESSING, 1)


@pytest.mark.django_db
def test_presses_from_before_do_not_sound(light: StatusLight) -> None:
    Event.objects.create(trigger=Trigger.PRESS, started_at=timezone.now() - timedelta(seconds=3))
    chime = CountingChime()
    Door(light, [chime]).hear(None)
    assert (light.pattern, chime.times) == (Pattern.IDLE, 0)


@pytest.mark.django_db
def test_a_decision_without_broadcast_is_found_in_the_rows(light: StatusLight) -> None:
    door = Door(light, [])
    event = Event.objects.create(trigger=Trigger.PRESS)
    door.hear((PRESSED, {"event": event.pk, "camera": None}))
    Event.objects.filter(pk=event.pk).update(outcome=Outcome.KNOWN)
    door.hear(None)
    assert light.pattern == Pattern.KNOWN


@pytest.mark.django_db(transaction=True)
def test_its_thread_follows_the_broadcasts(light: StatusLight, broker: PrivateBroker) -> None:
    chime = CountingChime()
    door = Door(light, [chime])
    door.start()
    event = Event.objects.create(trigger=Trigger.PRESS, started_at=timezone.now() - timedelta(minutes=1))
    while not chime.sounded.acquire(timeout=0.05):  # it may not listen yet
        broadcast(PRESSED, event=event.pk, camera=None)
    shown = [light.pattern]
    door.close()
    assert [*shown, light.pattern] == [Pattern.PROCESSING, Pattern.OFF]


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_it_shows_trouble_and_still_sounds(light: StatusLight) -> None:
    chime = CountingChime()
    door = Door(light, [chime])
    door.start()
    ring(pressed_by="test")
    assert chime.sounded.acquire(timeout=PATIENCE_S)
    door.close()


def test_a_machine_without_pins_has_no_light(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpiozero.Device, "pin_factory", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nothing")
    settings.CHIME_PIN, settings.CHIME_SOUND = 22, ""
    assert open_light() is None
    assert open_chimes() == []
    assert open_door() is None


def test_no_pins_in_the_settings_open_none(settings: Settings, pins: MockFactory) -> None:
    settings.RED_LED_PIN = settings.YELLOW_LED_PIN = settings.GREEN_LED_PIN = None
    assert open_light() is None
    assert not pins.pins


@pytest.mark.django_db(transaction=True)
def test_the_settings_say_which_pins_light_and_sound(settings: Settings, pins: MockFactory) -> None:
    settings.RED_LED_PIN, settings.YELLOW_LED_PIN, settings.GREEN_LED_PIN = 5, None, 6
    settings.CHIME_PIN, settings.CHIME_ACTIVE_LOW, settings.CHIME_SOUND = 22, True, "/nonexistent.wav"
    door = open_door()
    assert door is not None
    assert len(pins.pins) == 3
    assert pins.pin(22).state
    door.close()
