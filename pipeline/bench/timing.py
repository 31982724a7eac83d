"""Stop-watch for two things that are measured in turns, so that whatever slows the machine slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Work = Callable[[], object]


def elapsed_ms(work: Work) -> float:
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1000


def in_turns(product: Work, against: Work, *, rounds: int, product_runs: int = 1) -> tuple[float, float]:
    """Return the median milliseconds of both, after one run of each that does not count.

    product_runs: how often the product runs in each round, where it is so short that once tells little.
    """
    product(), against()
    product_ms: list[float] = []
    against_ms: list[float] = []
    for _ in range(rounds):
        product_ms += [elapsed_ms(product) for _ in range(product_runs)]
        against_ms.append(elapsed_ms(against))
    return statistics.median(product_ms), statistics.median(against_ms)
