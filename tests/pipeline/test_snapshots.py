"""What a camera sees now, asked for from another thread as it is from another process."""

import threading
import time
from pathlib import Path

import pytest
import redis

from events.broadcast import listen
from events.models import Camera
from pipeline.hardware.frames import Frame
from pipeline.snapshots import NoSnapshot, SnapshotListener, read_snapshot, take_snapshot
from pipeline.vision.images import decode_image
from tests.conftest import Portraits

pytestmark = pytest.mark.django_db
TRIES = 100


def portrait(portraits: Portraits, *, age_s: float = 0.0) -> Frame:
    rgb = decode_image(portraits.astronaut.read_bytes())
    return Frame.from_rgb(rgb, time_s=time.monotonic() - age_s)


@pytest.fixture
def camera() -> Camera:
    return Camera.objects.create(name="front door")


def take_when_it_listens(camera: Camera, **how: float) -> bytes:
    """The listener's thread is about to subscribe: what comes before that is not answered."""
    for _ in range(TRIES):
        try:
            return take_snapshot(camera, timeout_s=0.2, **how).jpeg  # type: ignore[arg-type]
        except NoSnapshot:
            continue
    pytest.fail("no snapshot came")


def test_the_newest_frame_comes_as_a_jpeg(broker: redis.Redis, camera: Camera, portraits: Portraits) -> None:
    frame = portrait(portraits)
    listener = SnapshotListener(camera, lambda: frame)
    listener.start()
    try:
        assert decode_image(take_when_it_listens(camera)).shape == (512, 512, 3)
        assert decode_image(take_when_it_listens(camera, width_px=160)).shape == (160, 160, 3)
        assert broker.keys() == []  # nothing of it is kept
    finally:
        listener.stop()


def test_a_camera_that_does_not_run_says_why(broker: redis.Redis, camera: Camera) -> None:
    camera.state_text = "its cable is out"
    with pytest.raises(NoSnapshot, match=r"camera front door gave no picture within 0\.1 s; its cable is out"):
        take_snapshot(camera, timeout_s=0.1)


def test_without_a_broker_nobody_can_be_asked(camera: Camera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis.from_url(f"unix://{tmp_path}/nobody.sock", decode_responses=True)
    monkeypatch.setattr("events.broadcast.redis_client", lambda: away)
    with pytest.raises(NoSnapshot, match="the broker is away"):
        take_snapshot(camera, timeout_s=0.1)


def test_a_frame_from_before_the_camera_was_lost_is_not_shown(
    broker: redis.Redis, camera: Camera, portraits: Portraits
) -> None:
    old = portrait(portraits, age_s=60.0)
    assert SnapshotListener(camera, lambda: old).answer("somebody", 640) is False
    assert SnapshotListener(camera, lambda: None).answer("somebody", 640) is False


def test_another_cameras_wish_is_not_answered(broker: redis.Redis, camera: Camera, portraits: Portraits) -> None:
    frame = portrait(portraits)
    asked = threading.Event()

    def newest() -> Frame:
        asked.set()
        return frame

    listener = SnapshotListener(camera, newest)
    listener.start()
    try:
        take_when_it_listens(camera)
        asked.clear()
        with pytest.raises(NoSnapshot):
            take_snapshot(Camera.objects.create(name="garden"), timeout_s=0.3)
        assert not asked.is_set()
    finally:
        listener.stop()


@pytest.mark.parametrize("facts", [{}, {"jpeg": "no base64!", "taken_at": "2026-01-01"}, {"jpeg": "", "taken_at": "x"}])
def test_an_answer_that_is_none_is_no_snapshot(facts: dict[str, object]) -> None:
    with pytest.raises(NoSnapshot):
        read_snapshot(facts)


def test_an_abandoned_wish_leaves_no_listener(broker: redis.Redis, camera: Camera) -> None:
    with pytest.raises(NoSnapshot):
        take_snapshot(camera, timeout_s=0.1)
    assert broker.pubsub_channels() == []
    assert next(listen("nothing")) is None
