"""What one run adds to the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.config import OrchestratorConfig
from pipeline.mqtt.plan import is_configured
from pipeline.orchestrator import SystemPlan, WebPlan

Say = Callable[[str], None]


def say_nothing(_text: str) -> None:
    """A program's own output is its own; the log has everything."""


def set_up_nothing() -> None:
    """For programs that want the database as it is."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """source: the only camera to watch; None watches those of the database, or the first one found.

    say: told what happens, a line or more at a time. on_line: told every line that a process prints. set_up: called
    when the database is ready and nothing has started.
    """

    source: str | None = None
    loop: bool = False
    web: WebPlan | None = None
    say: Say = say_nothing
    on_line: Say | None = None
    set_up: Callable[[], object] = set_up_nothing


def system_plan(config: OrchestratorConfig, options: RunOptions) -> SystemPlan:
    """The processes that this machine runs."""
    pipeline = config.pipeline_config
    plan = SystemPlan(
        detection_workers=pipeline.face_detection.worker_count if pipeline.face_detection.enabled else 0,
        recognition_workers=pipeline.face_recognition.worker_count if pipeline.face_recognition.enabled else 0,
        has_events=pipeline.event_processing.enabled,
        web=options.web,
        has_mqtt=is_configured(),
        max_restarts=config.max_restart_attempts,
        window_s=config.restart_cooldown_seconds,
    )
    return plan if config.auto_recovery_enabled else replace(plan, max_restarts=0)
