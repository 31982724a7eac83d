"""Processes that were given up, so that each is told once, however often it is tried again meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """given_up: since the look before. lost: those of them that nobody knew of. is_well: none is given up, and
    none that was is still being brought back. found: all that were lost, when they have run for long enough."""

    given_up: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    is_well: bool = True
    found: tuple[str, ...] = ()


class Losses:
    """A process that ends again and again is given up again and again, which is one loss.

    It is over when all that were lost have run for `calm_s`. Others, such as a camera without power, do not count.
    """

    def __init__(self, calm_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._calm_s = calm_s
        self._clock = clock
        self._given_up: frozenset[str] = frozenset()
        self._lost: dict[str, None] = {}
        self._unwell_s = clock()

    def look(self, given_up: Collection[str], under_way: Collection[str]) -> Turn:
        """given_up, under_way: the processes that stand so now, or are being brought back."""
        newly = tuple(name for name in given_up if name not in self._given_up)
        lost = tuple(name for name in newly if name not in self._lost)
        self._given_up = frozenset(given_up)
        self._lost |= dict.fromkeys(lost)
        is_well = not given_up and self._lost.keys().isdisjoint(under_way)
        if not is_well:
            self._unwell_s = self._clock()
        return Turn(newly, lost, is_well, self._found())

    def _found(self) -> tuple[str, ...]:
        if not self._lost or self._clock() - self._unwell_s < self._calm_s:
            return ()
        found, self._lost = tuple(self._lost), {}
        return found
