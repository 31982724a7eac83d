"""Where a doorbell stands. No Django: programs import this before it is set up."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class SystemState(Enum):
    """ERROR: it could not be started, or a part ended too often and is down; the other parts go on."""

    INITIALIZING = "initializing"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """uptime: seconds since it began to run, 0 while it does not. pipeline_status: see `get_pipeline_metrics`.
    performance_score: 0 to 1; docs/health.md has the formula. error_count, warning_count: findings that came up since
    the start."""

    state: SystemState
    uptime: float
    pipeline_status: dict[str, Any]
    error_count: int
    warning_count: int
    last_error: str | None = None
    performance_score: float = 1.0
