"""The performance score: one number for how well the doorbell can do its work now.

Every part is a number from 0 (does not work) to 1 (well). The score is the product over all parts of

    1 - weight * (1 - part)

so that a part that is down takes off its whole weight, and troubles add up. A part that cannot be measured, or that
nobody wants to be warned of, is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from health.checkup.processes import wanted_workers, watched_cameras
from health.facts import Facts
from pipeline.config import OrchestratorConfig

WARN_BELOW = 0.7

WEIGHTS: Mapping[str, float] = {
    "broker": 0.8,
    "database": 0.8,
    "workers": 0.7,
    "cameras": 0.5,
    "disk": 0.5,
    "speed": 0.4,
    "backlog": 0.4,
    "failures": 0.3,
    "memory": 0.3,
    "processor": 0.2,
}


@dataclass(frozen=True, slots=True)
class Score:
    """parts: 0 to 1, None for what is left out."""

    parts: Mapping[str, float | None]

    @property
    def value(self) -> float:
        product = 1.0
        for part in self.parts:
            product *= self.factor(part)
        return round(product, 3)

    def factor(self, part: str) -> float:
        measured = self.parts[part]
        return 1.0 if measured is None else 1 - WEIGHTS[part] * (1 - measured)

    @property
    def weakest(self) -> str | None:
        """The part that takes most off; None when nothing does."""
        part = min(self.parts, key=self.factor)
        return part if self.factor(part) < 1 else None


def score_of(facts: Facts, config: OrchestratorConfig) -> Score:
    return Score(
        {
            "broker": 0.0 if "broker_ms" in facts.unmeasured else 1.0,
            "database": 0.0 if "database_ms" in facts.unmeasured else 1.0,
            "workers": _workers(facts, config),
            "cameras": _cameras(facts),
            "disk": _disk(facts, config),
            "speed": _speed(facts, config),
            "backlog": _backlog(facts, config),
            "failures": _failures(facts, config),
            "memory": _headroom(facts.memory_percent, config.memory_threshold, config.alert_on_high_memory),
            "processor": _headroom(facts.cpu_percent, config.cpu_threshold, config.alert_on_high_cpu),
        }
    )


def _workers(facts: Facts, config: OrchestratorConfig) -> float | None:
    """The share of wanted workers that are alive, of the queue that has the smallest."""
    alive = facts.workers
    if alive is None:
        return None
    wanted = wanted_workers(config)
    return min((min(1.0, alive[queue] / wanted[queue]) for queue in alive if queue in wanted), default=None)


def _cameras(facts: Facts) -> float | None:
    """The share of cameras that are live."""
    watched = watched_cameras(facts)
    return sum(camera.is_live for camera in watched) / len(watched) if watched else None


def _disk(facts: Facts, config: OrchestratorConfig) -> float | None:
    """1 while there is as much space as motion needs."""
    least = config.pipeline_config.storage.min_free_mb
    return None if facts.disk is None or least == 0 else min(1.0, facts.disk.free_mb / least)


def _speed(facts: Facts, config: OrchestratorConfig) -> float | None:
    """1 while presses are decided in time, then the share of the time that they should take."""
    p95_ms = facts.presses.p95_ms if facts.presses else None
    limit_ms = config.pipeline_config.monitoring.slow_press_seconds * 1000
    return None if not p95_ms else min(1.0, limit_ms / p95_ms)


def _backlog(facts: Facts, config: OrchestratorConfig) -> float | None:
    """1 up to the threshold, then its share of the longest queue."""
    longest = max((queue.length or 0 for queue in (facts.queues or {}).values()), default=None)
    return None if longest is None else min(1.0, config.queue_backlog_threshold / max(longest, 1))


def _failures(facts: Facts, config: OrchestratorConfig) -> float | None:
    """1 up to the threshold, then its share of the rate."""
    rate = facts.failures_per_minute
    if rate is None or not config.alert_on_errors:
        return None
    return 1.0 if rate <= config.error_threshold_per_minute else config.error_threshold_per_minute / rate


def _headroom(used_percent: float | None, threshold: float, may_warn: bool) -> float | None:
    """1 up to the threshold, then falling to 0 at 100 %."""
    if used_percent is None or not may_warn:
        return None
    return 1.0 if used_percent <= threshold else max(0.0, (100 - used_percent) / (100 - threshold))
