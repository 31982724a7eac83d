"""The newest frame of a camera that another process reads: asked for and answered by Redis pub/sub, which keeps
nothing. No row, no file, no event."""

import base64
import binascii
import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import redis

from events.broadcast import broadcast, listen
from events.models import Camera
from pipeline.errors import DoorbellError
from pipeline.hardware.frames import Frame
from pipeline.vision.images import encode_jpeg, resize_to_width

logger = logging.getLogger(__name__)

WANTED = "snapshot-wanted"
TAKEN = "snapshot-taken"
POLL_S = 1.0
LOOK_EVERY_S = 0.1
ANSWER_WITHIN_S = 3.0
MAX_WIDTH_PX = 4096
MIN_WIDTH_PX = 16
STALE_S = 5.0  # an older frame is not what the camera sees now


class NoSnapshot(DoorbellError):
    """No process answered with a frame of this camera."""

    code = "no_snapshot"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """jpeg: the frame, metadata-free; taken_at: aware UTC."""

    jpeg: bytes
    taken_at: datetime


class SnapshotListener:
    """Answers for one camera, from a thread of its own: a press never waits behind a picture being encoded."""

    def __init__(self, camera: Camera, newest: Callable[[], Frame | None]) -> None:
        self._camera_id = camera.pk
        self._newest = newest
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The thread ends by itself within a second: it holds nothing that somebody waits for."""
        self._stop.set()

    def answer(self, reply_to: str, width_px: int) -> bool:
        """False when there is no fresh frame, or nobody to tell."""
        frame = self._newest()
        if frame is None or time.monotonic() - frame.time_s > STALE_S:
            return False
        picture = resize_to_width(frame.rgb(), min(max(width_px, MIN_WIDTH_PX), MAX_WIDTH_PX))
        jpeg = base64.b64encode(encode_jpeg(picture)).decode("ascii")
        return broadcast(f"{TAKEN}:{reply_to}", jpeg=jpeg, taken_at=frame.taken_at.isoformat())

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except redis.RedisError as error:
                logger.debug("snapshots cannot be asked for, the broker is away: %s", error)
                self._stop.wait(POLL_S)

    def _follow(self) -> None:
        for word in listen(WANTED, poll_s=POLL_S):
            if self._stop.is_set():
                return
            if word is not None and word[1].get("camera") == self._camera_id:
                self.answer(str(word[1].get("reply_to")), int(word[1].get("width_px", MAX_WIDTH_PX)))


def take_snapshot(camera: Camera, *, width_px: int = MAX_WIDTH_PX, timeout_s: float = ANSWER_WITHIN_S) -> Snapshot:
    """Return what the camera sees now, at most `width_px` wide. Raises NoSnapshot. Touches no row."""
    reply_to = uuid.uuid4().hex
    deadline_s = time.monotonic() + timeout_s
    try:
        with closing(listen(f"{TAKEN}:{reply_to}", poll_s=LOOK_EVERY_S)) as words:
            for number, word in enumerate(words):
                if word is not None:
                    return read_snapshot(word[1])
                if number == 0:  # it listens now: the answer cannot be missed
                    broadcast(WANTED, camera=camera.pk, reply_to=reply_to, width_px=width_px)
                if time.monotonic() >= deadline_s:
                    break
    except redis.RedisError as error:
        raise NoSnapshot(f"camera {camera.name} cannot be asked for a picture, the broker is away: {error}") from error
    raise NoSnapshot(f"camera {camera.name} gave no picture within {timeout_s:g} s; {_how_it_is(camera)}")


def read_snapshot(facts: dict[str, object]) -> Snapshot:
    """Raises NoSnapshot for an answer that is none."""
    try:
        jpeg = base64.b64decode(str(facts["jpeg"]), validate=True)
        return Snapshot(jpeg, datetime.fromisoformat(str(facts["taken_at"])))
    except (KeyError, ValueError, binascii.Error) as error:
        raise NoSnapshot(f"a camera process answered with no picture: {error}") from error


def _how_it_is(camera: Camera) -> str:
    if camera.is_live:
        return "its process is live, but does not answer; see the log"
    return camera.state_text or "it is not running: start the doorbell"
