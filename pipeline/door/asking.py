"""Ask the status light, in whichever process it is, for a pattern, or for what it shows."""

import json
import math
import time
import uuid
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import redis

from events.broadcast import PREFIX, broadcast, listen, redis_client
from pipeline.hardware.status_light import Pattern

SHOW = "show-light"
TELL = "tell-light"
SHOWN = "light-shown"
POLL_S = 0.05
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
    try:
        return _publish(SHOW, pattern=pattern.value, seconds=seconds)
    except redis.RedisError:
        return False


def shown_pattern(within_s: float = 0.5) -> Pattern | None:
    """What the light of the running doorbell shows now; None without one."""
    reply_to = uuid.uuid4().hex
    deadline_s = time.monotonic() + within_s
    try:
        with closing(listen(f"{SHOWN}:{reply_to}", poll_s=POLL_S)) as words:
            for number, word in enumerate(words):
                if word is not None:
                    return Pattern(word[1]["pattern"])
                if (number == 0 and not _publish(TELL, reply_to=reply_to)) or time.monotonic() >= deadline_s:
                    break
    except (redis.RedisError, KeyError, ValueError):
        pass  # away, or another version of the doorbell
    return None


def tell_pattern(facts: dict[str, Any], pattern: Pattern) -> None:
    """Answer `shown_pattern`."""
    broadcast(f"{SHOWN}:{facts.get('reply_to')}", pattern=pattern.value)


def read_wish(facts: dict[str, Any]) -> Wish | None:
    """None for one that another version of the doorbell sent."""
    try:
        return Wish(Pattern(facts["pattern"]), float(facts["seconds"]))
    except (KeyError, TypeError, ValueError):
        return None


def _publish(topic: str, **facts: Any) -> bool:
    """Whether anybody listened: only doors that have a light do. Raises redis.RedisError."""
    return bool(redis_client().publish(PREFIX + topic, json.dumps(facts)))
