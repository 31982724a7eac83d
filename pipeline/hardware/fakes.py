"""A camera and a clock for the bench: they ship, so that nobody needs a door to try things."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pipeline.hardware.errors import CameraError
from pipeline.hardware.frames import Frame
from pipeline.hardware.pacing import SYSTEM_CLOCK, Clock
from pipeline.vision.arrays import UInt8Array


class FakeCamera:
    """Plays pictures, (H, W, 3) uint8 RGB, and can be unplugged and plugged in again at any moment.

    `fake.open` is what a FrameReader takes as its `open_camera`; each opening starts at the first picture.
    fps: at this pace; None: without waiting. loop: for ever, else read() returns None after the last picture.
    """

    skipped = 0

    def __init__(self, pictures: Sequence[UInt8Array], *, fps: float | None = 10.0, loop: bool = True) -> None:
        if not pictures:
            raise ValueError("a FakeCamera needs a picture to show; give it at least one")
        self._pictures = pictures
        self._period_s = 1 / fps if fps else 0.0
        self._loop = loop
        self._changed = threading.Condition()
        self._is_gone = False
        self._is_open = False
        self._index = 0
        self._next_s = 0.0
        self.openings = 0

    def open(self) -> FakeCamera:
        with self._changed:
            self.openings += 1
            if self._is_gone:
                raise CameraError("camera 'fake' cannot be opened: it is unplugged; plug it in")
            self._index = 0
            self._next_s = SYSTEM_CLOCK.monotonic()
            self._is_open = True
        return self

    def vanish(self) -> None:
        """Pull the plug: a read under way fails at once, and so does every opening until come_back()."""
        with self._changed:
            self._is_gone = True
            self._is_open = False
            self._changed.notify_all()

    def come_back(self) -> None:
        with self._changed:
            self._is_gone = False

    def read(self) -> Frame | None:
        with self._changed:
            wait_s = self._next_s - SYSTEM_CLOCK.monotonic()
            if wait_s > 0:
                self._changed.wait_for(lambda: not self._is_open, wait_s)
            if not self._is_open:
                raise CameraError("camera 'fake' stopped giving frames; plug it in or open it")
            if self._index == len(self._pictures) and not self._loop:
                return None
            now_s = SYSTEM_CLOCK.monotonic()
            picture = self._pictures[self._index % len(self._pictures)]
            frame = Frame.from_rgb(picture, time_s=now_s, index=self._index)
            self._index += 1
            self._next_s = max(self._next_s + self._period_s, now_s)
            return frame

    def close(self) -> None:
        with self._changed:
            self._is_open = False
            self._changed.notify_all()


class FakeClock(Clock):
    """Stands still until it is told to go on; a sleep takes no time but moves it."""

    def __init__(self, started_at: datetime = datetime(2025, 1, 1, tzinfo=UTC)) -> None:
        self._started_at = started_at
        self.elapsed_s = 0.0

    def monotonic(self) -> float:
        return self.elapsed_s

    def now(self) -> datetime:
        return self._started_at + timedelta(seconds=self.elapsed_s)

    def sleep(self, seconds: float) -> None:
        self.elapsed_s += seconds

    def advance(self, seconds: float) -> None:
        self.elapsed_s += seconds
