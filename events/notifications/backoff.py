"""When to try again: pure functions of what failed how often."""

import random
from datetime import timedelta

LONGEST = timedelta(minutes=15)
LONGEST_ASKED_FOR = timedelta(hours=1)  # whoever asks for more is tried after an hour all the same
SPREAD = 0.2  # so that what failed together is not tried again together


def wait_after(failures: int, *, base_s: float, retry_after_s: float | None = None) -> timedelta:
    """Doubles from `base_s` with every failure up to LONGEST, give or take SPREAD; what the other side
    asked for is never undercut, up to LONGEST_ASKED_FOR."""
    doubled = timedelta(seconds=min(base_s * 2.0 ** min(failures - 1, 30), LONGEST.total_seconds()))
    spread = doubled * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 - it guards nothing
    if retry_after_s is None:
        return spread
    return max(spread, min(timedelta(seconds=retry_after_s), LONGEST_ASKED_FOR))
