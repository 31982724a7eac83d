"""What a camera's process counts, where other processes can read it: a key in Redis that runs out."""

import contextlib
import json
import time
from dataclasses import asdict, dataclass

import redis

from events.broadcast import PREFIX, redis_client
from events.models import Camera

EXPIRES_S = 15


@dataclass(frozen=True, slots=True)
class CameraFigures:
    """Since the process started; `fps` over the last seconds. skipped: frames that came too late or gave way."""

    fps: float
    frames: int
    skipped: int
    motion_events: int
    press_events: int
    captures: int


class FrameRate:
    """Frames a second between two looks."""

    def __init__(self) -> None:
        self._frames = 0
        self._at_s = time.monotonic()

    def since_last(self, frames: int) -> float:
        """frames: counted from the start."""
        now_s = time.monotonic()
        passed_s, new = now_s - self._at_s, frames - self._frames
        self._frames, self._at_s = frames, now_s
        return round(new / passed_s, 2) if passed_s > 0 else 0.0


def tell_figures(camera: Camera, figures: CameraFigures) -> None:
    with contextlib.suppress(redis.RedisError):
        redis_client().set(_key(camera.pk), json.dumps(asdict(figures)), ex=EXPIRES_S)


def camera_figures(camera_ids: list[int]) -> dict[int, CameraFigures]:
    """Those of cameras whose processes spoke a moment ago. Raises redis.RedisError."""
    stored = redis_client().mget([_key(pk) for pk in camera_ids]) if camera_ids else []
    return {pk: CameraFigures(**json.loads(text)) for pk, text in zip(camera_ids, stored, strict=True) if text}


def _key(camera_id: int) -> str:
    return f"{PREFIX}camera:{camera_id}"
