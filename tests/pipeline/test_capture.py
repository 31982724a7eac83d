"""Which frames of a camera become captures, and of which events."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from events.models import Camera, Capture, Event, Outcome, Trigger
from pipeline.capture import CameraLoop
from pipeline.hardware.frames import Frame
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.motion import MotionDetector

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media")]

STARTED = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
FPS = 10


def still() -> UInt8Array:
    """A wall with a pattern, so that a change of light is not a change of scene."""
    rows, columns = np.mgrid[0:180, 0:320]
    grey = (100 + 40 * ((rows // 20 + columns // 20) % 2)).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def with_visitor(place: int) -> UInt8Array:
    picture = still()
    picture[60:150, place : place + 60] = (20, 60, 200)
    return picture


def frames(pictures: list[UInt8Array], *, start_s: float = 0.0) -> Iterator[Frame]:
    for index, picture in enumerate(pictures):
        time_s = start_s + index / FPS
        yield Frame.from_rgb(picture, time_s=time_s, taken_at=STARTED + timedelta(seconds=time_s), index=index)


def play(loop: CameraLoop, pictures: list[UInt8Array], *, start_s: float = 0.0) -> None:
    for frame in frames(pictures, start_s=start_s):
        loop.saw(frame)
        loop.tick(frame.time_s)


@pytest.fixture
def camera() -> Camera:
    return Camera.objects.create(name="front door")


def press(camera: Camera) -> Event:
    return Event.objects.create(camera=camera, trigger=Trigger.PRESS)


def seconds(event: Event) -> list[float]:
    """When the captures of an event were taken, in order of saving."""
    taken = event.captures.order_by("pk").values_list("taken_at", flat=True)
    return [round((at - STARTED).total_seconds(), 2) for at in taken]


def test_a_press_takes_the_newest_frame_first_then_in_turn_the_pre_roll_and_what_follows(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=None)
    play(loop, [still()] * 11)
    event = press(camera)
    loop.pressed(event)
    assert seconds(event) == [1.0]
    play(loop, [still()] * 10, start_s=1.1)
    assert seconds(event) == [1.0, 0.8, 1.2, 0.6, 1.4]
    event.refresh_from_db()
    assert event.closed_at is not None


def test_a_press_before_the_first_frame_gets_the_frames_that_come(camera: Camera) -> None:
    import time

    loop = CameraLoop(camera, motion=None)
    event = press(camera)
    loop.pressed(event)
    play(loop, [still()] * 10, start_s=time.monotonic())
    event.refresh_from_db()
    assert event.captures.count() == 2
    assert event.closed_at is not None


def test_a_camera_that_falls_silent_ends_the_burst_with_what_there_is(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=None)
    play(loop, [still()] * 5)
    event = press(camera)
    loop.pressed(event)
    loop.tick(60.0)
    event.refresh_from_db()
    assert event.closed_at is not None
    assert event.reason == ""
    assert seconds(event) == [0.4, 0.2, 0.0]


def test_a_camera_that_ends_in_a_burst_leaves_nothing_of_the_pre_roll_behind(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=None)
    play(loop, [still()] * 5)
    event = press(camera)
    loop.pressed(event)
    loop.finish()
    assert seconds(event) == [0.4, 0.2, 0.0]


def test_a_camera_that_never_shows_anything_says_so_on_the_visit(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=None)
    event = press(camera)
    loop.pressed(event)
    loop.finish()
    event.refresh_from_db()
    assert event.reason == "Camera front door gave no picture; its page in the admin says what it last reported."


def test_frames_from_before_a_camera_was_lost_are_not_shown_as_the_visitor(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=None)
    play(loop, [still()] * 5)
    loop.forget_frames()
    event = press(camera)
    loop.pressed(event)
    assert event.captures.count() == 0


def test_a_still_scene_opens_no_event(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=MotionDetector())
    play(loop, [still()] * 50)
    assert not Event.objects.exists()


def test_something_that_moves_opens_one_event_and_ends_it_after_the_calm(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=MotionDetector(), wait_for_room=lambda: None)
    walk = [with_visitor(10 * step % 240) for step in range(25)]
    play(loop, [still()] * 10 + walk + [still()] * 40)
    event = Event.objects.get()
    assert event.trigger == Trigger.MOTION
    assert event.closed_at is not None
    assert loop.counts.captures == event.captures.count() > 2
    assert all(capture.region is not None for capture in event.captures.all())


def test_motion_gives_way_while_the_queue_cannot_be_seen_and_is_counted(camera: Camera) -> None:
    """No broker runs in this test: what the queue holds is not known, so motion adds nothing to it."""
    loop = CameraLoop(camera, motion=MotionDetector())
    play(loop, [still()] * 10 + [with_visitor(10 * step) for step in range(20)])
    assert loop.counts.captures == 0
    assert loop.counts.skipped > 0


def test_presses_do_not_wait_for_the_queue(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=MotionDetector())
    play(loop, [still()] * 10)
    event = press(camera)
    loop.pressed(event)
    loop.finish()
    assert event.captures.count() == 3


def test_a_disk_that_takes_nothing_costs_the_picture_and_not_the_press(
    camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> str:
        raise OSError(28, "No space left on device")

    loop = CameraLoop(camera, motion=None)
    play(loop, [still()] * 5)
    event = press(camera)
    with monkeypatch.context() as full:
        full.setattr("django.core.files.storage.FileSystemStorage.save", refuse)
        loop.pressed(event)
    assert event.captures.count() == 0
    play(loop, [still()] * 10, start_s=0.6)
    assert event.captures.count() == 4


def test_a_press_deleted_meanwhile_leaves_no_picture(camera: Camera, media: Path) -> None:
    loop = CameraLoop(camera, motion=None)
    play(loop, [still()] * 5)
    event = press(camera)
    Event.objects.filter(pk=event.pk).delete()
    loop.pressed(event)
    assert not Capture.objects.exists()
    assert not list(media.rglob("*.jpg"))


def test_a_scene_cut_is_marked_on_the_captures_after_it(camera: Camera) -> None:
    loop = CameraLoop(camera, motion=MotionDetector())
    other = np.ascontiguousarray(255 - still()[::-1])
    other[:, :160] = 10
    play(loop, [still()] * 5 + [other] * 3)
    event = press(camera)
    loop.pressed(event)
    loop.finish()
    scenes = dict(Capture.objects.values_list("taken_at", "scene"))
    assert len(set(scenes.values())) == 2
    assert event.outcome == Outcome.PENDING
