"""Presses reach the camera by broadcast, and by the rows where there is none."""

import threading
from collections.abc import Iterator

import pytest
import redis
from django.db import OperationalError

from events.broadcast import PRESSED, broadcast
from events.models import Camera, Event, Trigger
from pipeline.presses import PressListener

pytestmark = pytest.mark.django_db(transaction=True)
WITHIN_S = 10.0


class Heard:
    """The presses that a listener heard of, in turn."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._came:
            self.events.append(event)
            self._came.notify_all()

    def wait_for(self, count: int) -> list[int]:
        with self._came:
            assert self._came.wait_for(lambda: len(self.events) >= count, WITHIN_S)
        return [event.pk for event in self.events]


@pytest.fixture
def camera() -> Camera:
    return Camera.objects.create(name="front door")


@pytest.fixture
def heard(camera: Camera, broker: redis.Redis) -> Iterator[Heard]:
    """What a listener of the camera, that listens already, hears."""
    heard = Heard()
    listener = PressListener(camera, heard)
    waiting = Event.objects.create(camera=camera, trigger=Trigger.PRESS)
    listener.start()
    assert heard.wait_for(1) == [waiting.pk]
    yield heard
    listener.stop()


def test_a_press_told_by_broadcast_is_heard_with_what_captures_are_made_of(heard: Heard, camera: Camera) -> None:
    pressed = Event.objects.create(camera=camera, trigger=Trigger.PRESS)
    broadcast(PRESSED, event=pressed.pk, camera=camera.pk)
    heard.wait_for(2)
    event = heard.events[1]
    assert (event.pk, event.trigger, event.camera) == (pressed.pk, Trigger.PRESS, camera)


def test_a_press_is_heard_by_its_own_camera_and_once(heard: Heard, camera: Camera) -> None:
    other = Camera.objects.create(name="shed")
    elsewhere = Event.objects.create(camera=other, trigger=Trigger.PRESS)
    broadcast(PRESSED, event=elsewhere.pk, camera=other.pk)
    first, second = (Event.objects.create(camera=camera, trigger=Trigger.PRESS) for _ in range(2))
    for event in (first, first, second):
        broadcast(PRESSED, event=event.pk, camera=camera.pk)
    assert heard.wait_for(3)[1:] == [first.pk, second.pk]


def test_a_press_deleted_before_it_was_heard_of_costs_no_other(heard: Heard, camera: Camera) -> None:
    deleted, pressed = (Event.objects.create(camera=camera, trigger=Trigger.PRESS) for _ in range(2))
    told = deleted.pk
    deleted.delete()
    for pk in (told, pressed.pk):
        broadcast(PRESSED, event=pk, camera=camera.pk)
    assert pressed.pk in heard.wait_for(3)


def test_a_press_whose_broadcast_was_lost_is_found_in_the_rows(heard: Heard, camera: Camera) -> None:
    pressed = Event.objects.create(camera=camera, trigger=Trigger.PRESS)
    assert heard.wait_for(2)[1:] == [pressed.pk]


def test_presses_are_heard_again_after_the_database_was_away(
    heard: Heard, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()

    def away(_listener: PressListener) -> None:
        looked.set()
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(PressListener, "look", away)
        assert looked.wait(WITHIN_S)
    pressed = Event.objects.create(camera=camera, trigger=Trigger.PRESS)
    assert heard.wait_for(2)[1:] == [pressed.pk]
