"""What the stages measure, kept in Redis, because several processes serve one doorbell.

A stage that ran adds to a histogram (counters that only grow, for Prometheus) and to a list of its last durations (for
percentiles); both cost one round trip, about 0.1 ms on a unix socket. When Redis is away the measurement is lost, and
nothing else.
"""

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

import redis

from events.broadcast import PREFIX, redis_client
from events.models import Event, Trigger
from events.timing import picture_ms

logger = logging.getLogger(__name__)

DETECTION = "detection"
RECOGNITION = "recognition"
DECISION = "decision"
PRESS_TO_PICTURE = "press_to_picture"
PRESS_TO_DECISION = "press_to_decision"
STAGES = (DETECTION, RECOGNITION, DECISION, PRESS_TO_PICTURE, PRESS_TO_DECISION)

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
KEPT_DURATIONS = 500
_VISITS = f"{PREFIX}measured:visits"

Command: TypeAlias = tuple[str | float, ...]
_kept: ContextVar[list[Command] | None] = ContextVar("kept", default=None)


@dataclass(frozen=True, slots=True)
class Histogram:
    """counts: runs no longer than each of BUCKETS_S and longer than the one before, then those longer than all."""

    counts: tuple[int, ...]
    sum_s: float
    failed: int

    @property
    def total(self) -> int:
        return sum(self.counts)


@contextmanager
def together() -> Iterator[None]:
    """Keep what is measured within the block, and send it at the block's end: a visitor waits for none of it."""
    outer = _kept.get()
    kept: list[Command] = []
    _kept.set(kept)
    try:
        yield
    finally:
        _kept.set(outer)
        _send(*kept)


@contextmanager
def measured(stage: str) -> Iterator[None]:
    """Time the block; one that raises counts as failed."""
    began_s = time.perf_counter()
    try:
        yield
    except BaseException:
        count_failure(stage)
        raise
    observe(stage, time.perf_counter() - began_s)


def observe(stage: str, seconds: float) -> None:
    bucket = next((index for index, limit in enumerate(BUCKETS_S) if seconds <= limit), len(BUCKETS_S))
    _send(
        ("HINCRBY", _key(stage), bucket, 1),
        ("HINCRBYFLOAT", _key(stage), "sum", seconds),
        ("LPUSH", _recent_key(stage), f"{seconds * 1000:.1f}"),
        ("LTRIM", _recent_key(stage), 0, KEPT_DURATIONS - 1),
    )


def count_failure(stage: str) -> None:
    _send(("HINCRBY", _key(stage), "failed", 1))


def count_visit(event: Event) -> None:
    """Once for every event, when it is settled; a press is timed as well."""
    _send(("HINCRBY", _VISITS, f"{event.trigger} {event.outcome}", 1))
    if event.trigger != Trigger.PRESS:
        return
    if (first_ms := picture_ms(event)) is None:
        return
    observe(PRESS_TO_PICTURE, first_ms / 1000)
    if event.decided_ms is not None:
        observe(PRESS_TO_DECISION, event.decided_ms / 1000)


def histogram(stage: str) -> Histogram:
    """Raises redis.RedisError."""
    stored = redis_client().hgetall(_key(stage))
    counts = tuple(int(stored.get(str(index), 0)) for index in range(len(BUCKETS_S) + 1))
    return Histogram(counts, float(stored.get("sum", 0.0)), int(stored.get("failed", 0)))


def visits() -> dict[tuple[str, str], int]:
    """How many were settled, by trigger and outcome. Raises redis.RedisError."""
    stored = ((str(words).split(), int(count)) for words, count in redis_client().hgetall(_VISITS).items())
    return {(trigger, outcome): count for (trigger, outcome), count in stored}


def recent_ms(stage: str) -> list[float]:
    """The last durations, newest first. Raises redis.RedisError."""
    return [float(text) for text in redis_client().lrange(_recent_key(stage), 0, -1)]


def percentile(durations: list[float], share: float) -> float | None:
    """The value that `share` (0..1) of the durations do not exceed; None of none."""
    if not durations:
        return None
    return sorted(durations)[max(0, math.ceil(share * len(durations)) - 1)]


def _key(stage: str) -> str:
    return f"{PREFIX}measured:{stage}"


def _recent_key(stage: str) -> str:
    return f"{PREFIX}measured:{stage}:recent"


def _send(*commands: Command) -> None:
    """In one round trip; where `together` keeps them, at its end."""
    if (kept := _kept.get()) is not None:
        kept += commands
        return
    try:
        with redis_client().pipeline(transaction=False) as wire:
            for command in commands:
                wire.execute_command(*command)  # type: ignore[no-untyped-call]
            wire.execute()
    except redis.RedisError as error:
        logger.debug("a measurement is lost: %s", error)
