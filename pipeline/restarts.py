"""How often a child was started again, and whether that is too often."""

import time
from collections import deque
from collections.abc import Callable


class Restarts:
    """most: within `window_s`; None: any number. Not for several threads at once."""

    def __init__(self, most: int | None, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = 0  # since `begin_anew`
        self._most = most
        self._window_s = window_s
        self._clock = clock
        self._recent: deque[float] = deque()

    @property
    def recent(self) -> int:
        """Within the window."""
        while self._recent and self._recent[0] < self._clock() - self._window_s:
            self._recent.popleft()
        return len(self._recent)

    def add(self) -> int | None:
        """Count one more and return how many there are in the window; None, uncounted, where that is too many."""
        if self._most is not None and self.recent >= self._most:
            return None
        self._recent.append(self._clock())
        self.total += 1
        return self.recent

    def forgive(self) -> None:
        """Begin the window anew."""
        self._recent.clear()

    def begin_anew(self) -> None:
        self.total = 0
        self.forgive()
