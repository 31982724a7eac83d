"""Time for recordings: which frames to take, when each one is due, and what time it is given."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The machine's clock; fakes.FakeClock stands in for it where nobody wants to wait."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK = Clock()


class Sampler:
    """Takes the first frame of each 1/fps seconds; every frame if fps is None."""

    # Timestamps are rounded (to milliseconds in Matroska) and live ones jitter: a frame that comes this part of
    # a period too early still belongs to the next one, or a 30 fps file sampled at 30 fps would lose frames.
    EARLY = 0.25

    def __init__(self, fps: float | None) -> None:
        if fps is not None and not (math.isfinite(fps) and fps > 0):
            raise ValueError(f"{fps} frames a second cannot be taken; use a number above 0, such as 10")
        self._fps = fps
        self._period = -1

    def wants(self, time_s: float) -> bool:
        """Say whether to take the frame at `time_s`, which never goes back."""
        if self._fps is None:
            return True
        period = math.floor(time_s * self._fps + self.EARLY)
        if period <= self._period:
            return False
        self._period = period
        return True


class Playback:
    """Maps a recording's own time (0 at its first frame, seconds) to the time of day.

    In real time it waits until a frame is due and stamps it with the present, as a live camera would. Otherwise
    frames keep their distances, and the last frame of a recording that is `length_s` long is now: a recording
    read faster than it was made has no frames in the future.
    """

    def __init__(self, *, realtime: bool, length_s: float = 0.0, clock: Clock = SYSTEM_CLOCK) -> None:
        self._realtime = realtime
        self._clock = clock
        before_now_s = 0.0 if realtime else length_s
        self._zero_s = clock.monotonic() - before_now_s
        self._zero_at = clock.now() - timedelta(seconds=before_now_s)

    def is_late(self, media_s: float, tolerance_s: float) -> bool:
        return self._realtime and self._clock.monotonic() - self._zero_s - media_s > tolerance_s

    def resync(self, media_s: float) -> None:
        """Play on as if the frame at `media_s` were due now: the machine slept, or cannot keep up."""
        self._zero_s = self._clock.monotonic() - media_s

    def stamp(self, media_s: float) -> tuple[float, datetime]:
        """Return (time_s, taken_at) of the frame at `media_s`; in real time, when it is due."""
        if not self._realtime:
            return self._zero_s + media_s, self._zero_at + timedelta(seconds=media_s)
        early_s = self._zero_s + media_s - self._clock.monotonic()
        if early_s > 0:
            self._clock.sleep(early_s)
        return self._clock.monotonic(), self._clock.now()
