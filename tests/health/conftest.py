from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from health.facts import (
    CameraFact,
    ClockFact,
    DiskFact,
    Facts,
    ModelFact,
    NotificationFact,
    PressFact,
    QueueFact,
    StuckFact,
)
from pipeline.config import OrchestratorConfig

FactsMaker = Callable[..., Facts]


@pytest.fixture
def well() -> FactsMaker:
    """Facts of a doorbell that is well, but for what the test changes."""
    facts = Facts(
        at=timezone.now(),
        broker_ms=0.2,
        database_ms=0.3,
        workers={"detection": 2, "recognition": 2, "events": 1},
        cameras=(camera("front door"),),
        queues={"detection": QueueFact(0, None), "recognition": QueueFact(0, None), "events": QueueFact(1, 0.1)},
        stuck=StuckFact(0, 0),
        failures_per_minute=0.0,
        events_per_minute=0.4,
        presses=PressFact(3, 300.0, 900.0),
        notifications=NotificationFact(5, 0, 0, ()),
        restarts=0,
        models=ModelFact((), 0, 12),
        disk=DiskFact(20_000, 60_000),
        clock=ClockFact(True, 0.0),
        cpu_percent=30.0,
        memory_percent=40.0,
        temperature_c=55.0,
    )
    return lambda **changes: replace(facts, **changes)


def camera(name: str, **changes: Any) -> CameraFact:
    live = CameraFact(
        id=1, name=name, is_live=True, state="live", state_text="", has_source=True, silent_s=0.5, fps=10.0,
        frames=100, skipped=0,
    )  # fmt: skip
    return replace(live, **changes)


@pytest.fixture
def config() -> OrchestratorConfig:
    return OrchestratorConfig()
