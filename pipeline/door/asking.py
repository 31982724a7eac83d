"""Ask the status light, in whichever process it is, for a pattern."""

import json
import math
from dataclasses import dataclass
from typing import Any

import redis

from events.broadcast import PREFIX, redis_client
from pipeline.hardware.status_light import Pattern

SHOW = "show-light"
LONGEST_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Wish:
    pattern: Pattern
    seconds: float


def ask_light(pattern: Pattern, seconds: float = LONGEST_S) -> bool:
    """Have it shown for that long (at most a day), or until somebody asks for another; visits that are more
    important come first. False when no light heard it: there is none, or Redis is away."""
    if not (math.isfinite(seconds) and 0 < seconds <= LONGEST_S):
        raise ValueError(f"a pattern cannot be shown for {seconds} s; use a number above 0, up to {LONGEST_S:.0f}")
    words = json.dumps({"pattern": pattern.value, "seconds": seconds})
    try:
        # Publishing says how many listened: only doors that have a light do.
        return bool(redis_client().publish(PREFIX + SHOW, words))
    except redis.RedisError:
        return False


def read_wish(facts: dict[str, Any]) -> Wish | None:
    """None for one that another version of the doorbell sent."""
    try:
        return Wish(Pattern(facts["pattern"]), float(facts["seconds"]))
    except (KeyError, TypeError, ValueError):
        return None
