"""Reads a camera without a pause, so that a press finds the present and a little of the past."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from enum import StrEnum
from types import TracebackType
from typing import Self

from pipeline.hardware.cameras import Camera
from pipeline.hardware.errors import CameraError
from pipeline.hardware.frames import Frame
from pipeline.hardware.pacing import Sampler

log = logging.getLogger(__name__)

RETRY_MIN_S = 0.5
RETRY_MAX_S = 30.0


class CameraState(StrEnum):
    OPENING = "opening"
    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"


def iterate(camera: Camera) -> Generator[Frame, None, None]:
    """Yield every frame of a recording in the caller's own time, nothing skipped; closes the camera."""
    with closing(camera):
        while (frame := camera.read()) is not None:
            yield frame


class FrameReader:
    """A thread that keeps a camera's newest frame and a pre-roll, and opens the camera again when it is lost.

    open_camera: opens the camera anew each time; raises CameraError.
    pre_roll_s, pre_roll_frames: how far back the pre-roll reaches, and how many frames (evenly spaced) it holds at
    most; ten of 1280x720 are 28 MB.
    on_state: called in the reader's thread at each change, with the reason when the camera is lost; must be quick.
    A lost camera is tried again after retry_min_s, then twice as long each time up to retry_max_s, for ever.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        *,
        pre_roll_s: float = 1.0,
        pre_roll_frames: int = 10,
        on_state: Callable[[CameraState, str], None] | None = None,
        retry_min_s: float = RETRY_MIN_S,
        retry_max_s: float = RETRY_MAX_S,
    ) -> None:
        self._open_camera = open_camera
        self._pre_roll_s = pre_roll_s
        self._pre_roll: deque[Frame] = deque(maxlen=pre_roll_frames if pre_roll_s > 0 else 0)
        self._spacing = Sampler(pre_roll_frames / pre_roll_s if pre_roll_s > 0 and pre_roll_frames > 0 else None)
        self._on_state = on_state
        self._retry_min_s, self._retry_max_s = retry_min_s, retry_max_s
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="frame-reader", daemon=True)
        self._latest: Frame | None = None
        self._failure: CameraError | None = None
        self._skipped_before = 0
        self._camera: Camera | None = None
        self.state = CameraState.OPENING
        self.error = ""
        self.frames = 0
        self.losses = 0

    @property
    def skipped(self) -> int:
        """Frames that came too late and were dropped."""
        camera = self._camera
        return self._skipped_before + (camera.skipped if camera else 0)

    @property
    def last_frame_s(self) -> float | None:
        """Monotonic time of the newest frame."""
        return self._latest.time_s if self._latest else None

    def start(self) -> None:
        """Open the camera and wait for its first frame (or the end of an empty round, or stop()).

        Raises CameraError if it does not come; then the reader is over. Later losses are retried, not raised.
        """
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self.state is not CameraState.OPENING)
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End the thread. False: it still waits for a camera that does not answer; it ends when that does."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def latest(self) -> Frame | None:
        """Return the newest frame; an old one, by its time, while the camera is lost."""
        return self._latest

    def wait_newer(self, than_index: int, timeout_s: float) -> Frame | None:
        """Return the newest frame as soon as its index is above `than_index` (-1: any).

        None: no such frame came in time, or none will come because the recording is at its end.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._has_newer(than_index) or self.state is CameraState.ENDED, timeout_s)
            return self._latest if self._has_newer(than_index) else None

    def pre_roll(self, before_time_s: float) -> list[Frame]:
        """Return the frames kept from the `pre_roll_s` before `before_time_s` (monotonic), oldest first."""
        with self._changed:
            kept = [*self._pre_roll]
            if self._latest and (not kept or kept[-1] is not self._latest):
                kept.append(self._latest)
        return [frame for frame in kept if before_time_s - self._pre_roll_s <= frame.time_s <= before_time_s]

    def _has_newer(self, than_index: int) -> bool:
        return self._latest is not None and self._latest.index > than_index

    def _run(self) -> None:
        retry_s = self._retry_min_s
        while not self._stopping.is_set():
            frames_before = self.frames
            if (error := self._read_until_lost()) is None:
                break
            if self.frames == 0:
                self._failure = error
                self._enter(CameraState.ENDED, str(error))
                return
            was_live = self.frames > frames_before
            self.losses += was_live
            retry_s = self._retry_min_s if was_live else min(retry_s * 2, self._retry_max_s)
            self._enter(CameraState.LOST, str(error))
            self._stopping.wait(retry_s)
        self._enter(CameraState.ENDED, "")

    def _read_until_lost(self) -> CameraError | None:
        """Read until the recording ends or the reader is stopped (None), or the camera is lost (why)."""
        try:
            with closing(self._open_camera()) as camera:
                self._camera = camera
                while not self._stopping.is_set() and (frame := camera.read()) is not None:
                    self._keep(frame)
        except CameraError as error:
            return error
        except Exception as error:  # the thread's edge: a driver's surprise is a lost camera, not the end
            log.exception("the camera failed in a way that nobody foresaw")
            return CameraError(f"the camera failed: {type(error).__name__}: {error}; the log has the details")
        finally:
            self._skipped_before, self._camera = self.skipped, None
        return None

    def _keep(self, frame: Frame) -> None:
        # A camera that was opened again counts from 0; the reader counts on.
        frame = replace(frame, index=self.frames)
        with self._changed:
            self._latest = frame
            self.frames += 1
            if self._spacing.wants(frame.time_s):
                self._pre_roll.append(frame)
            self._changed.notify_all()
        self._enter(CameraState.LIVE, "")

    def _enter(self, state: CameraState, reason: str) -> None:
        if (state, reason) == (self.state, self.error):
            return
        if state is CameraState.LOST:
            log.warning("%s; trying again until it is back", reason)
        elif self.state is CameraState.LOST and state is CameraState.LIVE:
            log.info("the camera is back")
        with self._changed:
            self.state, self.error = state, reason
            self._changed.notify_all()
        self._report()

    def _report(self) -> None:
        if self._on_state is None:
            return
        try:
            self._on_state(self.state, self.error)
        except Exception:  # the caller's mistake must not cost the camera
            log.exception("what was to happen when the camera went %s did not", self.state)
