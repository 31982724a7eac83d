"""Measure the facts. One measurement's failure is its own; it stands in `Facts.unmeasured`."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from events.broadcast import redis_client
from health import machine
from health.activity import (
    cameras,
    clock,
    events_per_minute,
    failures_per_minute,
    models,
    notifications,
    presses,
    queues,
    restarts,
    stuck,
)
from health.facts import DiskFact, Facts
from pipeline.heartbeat import live_workers

logger = logging.getLogger(__name__)

BROKER = "the broker does not answer"
DATABASE = "the database does not answer"


@dataclass(frozen=True, slots=True)
class Measurement:
    """`needs`: what must have been measured before, or there is no use in trying."""

    fact: str
    measure: Callable[[datetime], Any]
    needs: tuple[str, ...] = ()


def broker_ms(_now: datetime) -> float:
    began_s = time.perf_counter()
    redis_client().ping()
    return _ms_since(began_s)


def database_ms(_now: datetime) -> float:
    began_s = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return _ms_since(began_s)


def disk(_now: datetime) -> DiskFact:
    media = Path(settings.MEDIA_ROOT)
    return machine.fullest_disk([Path(settings.VAR_DIR), media if media.is_dir() else Path(settings.VAR_DIR)])


# What is away at times; anything else is a mistake in the program, and the log has where.
FORESEEN = (redis.RedisError, DatabaseError, OSError)
IN_REDIS, IN_DATABASE = ("broker_ms",), ("database_ms",)
MEASUREMENTS = (
    Measurement("broker_ms", broker_ms),
    Measurement("database_ms", database_ms),
    Measurement("workers", lambda _now: live_workers(), IN_REDIS),
    Measurement("cameras", cameras, IN_DATABASE),
    Measurement("queues", queues, IN_REDIS + IN_DATABASE),
    Measurement("stuck", stuck, IN_DATABASE),
    Measurement("failures_per_minute", failures_per_minute, IN_DATABASE),
    Measurement("events_per_minute", events_per_minute, IN_DATABASE),
    Measurement("presses", presses, IN_DATABASE),
    Measurement("notifications", notifications, IN_DATABASE),
    Measurement("restarts", restarts, IN_DATABASE),
    Measurement("models", models, IN_DATABASE),
    Measurement("clock", clock, IN_DATABASE),
    Measurement("disk", disk),
    Measurement("cpu_percent", lambda _now: machine.processor.read()),
    Measurement("memory_percent", lambda _now: machine.memory_percent()),
    Measurement("temperature_c", lambda _now: machine.temperature_c()),
)


def gather_facts(now: datetime | None = None) -> Facts:
    """Measure everything; takes some milliseconds, and what the broker or the database takes to fail."""
    now = now or timezone.now()
    found: dict[str, Any] = {}
    unmeasured: dict[str, str] = {}
    for each in MEASUREMENTS:
        missing = next((fact for fact in each.needs if fact in unmeasured), None)
        if missing is not None:
            unmeasured[each.fact] = BROKER if missing == "broker_ms" else DATABASE
            continue
        try:
            found[each.fact] = each.measure(now)
        except FORESEEN as error:
            logger.warning("%s could not be measured: %s: %s", each.fact, type(error).__name__, error)
            unmeasured[each.fact] = _reason(error)
        except Exception as error:
            logger.exception("%s could not be measured", each.fact)
            unmeasured[each.fact] = _reason(error)
    return Facts(at=now, unmeasured=unmeasured, **found)


def _reason(error: Exception) -> str:
    """For a person who is signed in; addresses and passwords stay in the log."""
    if isinstance(error, redis.RedisError):
        return BROKER
    if isinstance(error, DatabaseError):
        close_old_connections()
        return DATABASE
    return f"{type(error).__name__}: {error}"


def _ms_since(began_s: float) -> float:
    return round((time.perf_counter() - began_s) * 1000, 2)
