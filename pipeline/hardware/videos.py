"""Video files, read as fast as one likes or played at their own speed like a camera."""

from __future__ import annotations

import math

import cv2

from pipeline.hardware.errors import CameraError
from pipeline.hardware.frames import Frame
from pipeline.hardware.opencv import open_capture, retrieve
from pipeline.hardware.pacing import SYSTEM_CLOCK, Clock, Playback, Sampler
from pipeline.hardware.source import Source

_USUAL_FPS = 25.0
_MAX_FPS = 240.0
_MAX_LENGTH_S = 24 * 3600.0
# A hole in the file's timestamps (a recording stuck together from pieces) is played as one ordinary step.
_MAX_STEP_S = 10.0
# Late frames are dropped without being decoded until it is in time again, but a frame comes at least this often.
_CATCH_UP_S = 0.5


class VideoCamera:
    """Plays a video file; read() returns None at its end, never if it loops.

    realtime: frames come at the file's own speed; those that are late are dropped and counted in `skipped`.
    Otherwise each comes when asked for. fps: sample by the file's own timestamps; None takes every frame.
    """

    def __init__(
        self, source: Source, *, realtime: bool, loop: bool, fps: float | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.skipped = 0
        self._source = source
        self._loop = loop
        self._clock = clock
        self._sampler = Sampler(fps)
        self._capture = _open_video(source)
        self._frame_s = 1 / _frames_per_second(self._capture)
        self._playback = Playback(realtime=realtime, length_s=self._length_s(), clock=clock)
        self._index = 0
        # Time since the first frame of the first round, and in the file.
        self._media_s = 0.0
        self._file_s: float | None = None

    def read(self) -> Frame | None:
        give_up_s = self._clock.monotonic() + _CATCH_UP_S
        while self._grab():
            if not self._sampler.wants(self._media_s):
                continue
            if self._playback.is_late(self._media_s, self._frame_s):
                if self._clock.monotonic() < give_up_s:
                    self.skipped += 1
                    continue
                self._playback.resync(self._media_s)
            return self._retrieve()
        return None

    def close(self) -> None:
        self._capture.release()

    def _grab(self) -> bool:
        """Go to the next frame, over the end of the file if it loops. False: there is none."""
        while not self._capture.grab():
            if self._file_s is None:
                raise CameraError(f"camera '{self._source}' holds no frame that can be read; check the file")
            if not self._loop:
                return False
            self._rewind()
        self._advance(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        return True

    def _advance(self, file_s: float) -> None:
        if self._file_s is not None:
            step_s = file_s - self._file_s
            self._media_s += step_s if 0 < step_s <= _MAX_STEP_S else self._frame_s
        self._file_s = file_s

    def _rewind(self) -> None:
        # Opened anew: seeking to the first frame lands on a later key frame in some containers.
        self._capture.release()
        self._capture = _open_video(self._source)
        self._file_s = None
        self._media_s += self._frame_s

    def _retrieve(self) -> Frame:
        image = retrieve(self._capture, str(self._source))
        if image is None:
            raise CameraError(f"camera '{self._source}' holds a frame that cannot be decoded; convert the file")
        time_s, taken_at = self._playback.stamp(self._media_s)
        frame = Frame(image, time_s, taken_at, self._index)
        self._index += 1
        return frame

    def _length_s(self) -> float:
        length_s = self._capture.get(cv2.CAP_PROP_FRAME_COUNT) * self._frame_s
        return length_s if 0 < length_s <= _MAX_LENGTH_S else 0.0


def _open_video(source: Source) -> cv2.VideoCapture:
    capture = open_capture(source.address, cv2.CAP_FFMPEG)
    if capture is None:
        raise CameraError(f"camera '{source}' cannot be read as a video; check that it plays elsewhere, or convert it")
    return capture


def _frames_per_second(capture: cv2.VideoCapture) -> float:
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if math.isfinite(fps) and 0 < fps <= _MAX_FPS else _USUAL_FPS
