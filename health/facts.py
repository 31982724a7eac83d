"""What is known about the doorbell at one moment. Measured elsewhere; everything that judges is pure.

None, everywhere: it could not be measured; `Facts.unmeasured` says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CameraFact:
    """silent_s: seconds since its last frame, None before the first. fps: None while no process reports it.
    has_source: whether its row names one; without, it is watched only when a program was started for it."""

    id: int
    name: str
    is_live: bool
    state: str
    state_text: str
    has_source: bool
    silent_s: float | None
    fps: float | None = None
    frames: int | None = None
    skipped: int | None = None


@dataclass(frozen=True, slots=True)
class QueueFact:
    """oldest_s: since when the oldest row waits for this queue's work, None when none does."""

    length: int | None
    oldest_s: float | None


@dataclass(frozen=True, slots=True)
class StuckFact:
    """Rows that should have been through long ago."""

    captures: int
    events: int


@dataclass(frozen=True, slots=True)
class PressFact:
    """Presses of the last hour that got a picture. p50_ms, p95_ms: from press to decision, None of none."""

    count: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class NotificationFact:
    """Of the last 24 hours. failing: names of channels that fail now."""

    sent: int
    failed: int
    waiting: int
    failing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiskFact:
    """The fuller one of the disks that hold data and pictures."""

    free_mb: int
    total_mb: int


@dataclass(frozen=True, slots=True)
class ClockFact:
    """is_synchronised: what the kernel says, None where it does not. ahead_s: how far the newest event lies in the
    future, 0 when it does not: the clock was set back."""

    is_synchronised: bool | None
    ahead_s: float


@dataclass(frozen=True, slots=True)
class ModelFact:
    """missing: sentences about files that are not there. foreign_samples: made with another encoding model."""

    missing: tuple[str, ...]
    foreign_samples: int
    samples: int


@dataclass(frozen=True, slots=True)
class Facts:
    """cpu_percent: since the last measurement of the same process. failures_per_minute: captures given up, over the
    last ten minutes. restarts: within the last hour."""

    at: datetime
    broker_ms: float | None = None
    database_ms: float | None = None
    workers: Mapping[str, int] | None = None
    cameras: tuple[CameraFact, ...] | None = None
    queues: Mapping[str, QueueFact] | None = None
    stuck: StuckFact | None = None
    failures_per_minute: float | None = None
    events_per_minute: float | None = None
    presses: PressFact | None = None
    notifications: NotificationFact | None = None
    restarts: int | None = None
    models: ModelFact | None = None
    disk: DiskFact | None = None
    clock: ClockFact | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None
    temperature_c: float | None = None
    unmeasured: Mapping[str, str] = field(default_factory=dict)
