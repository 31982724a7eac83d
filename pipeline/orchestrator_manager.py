"""OrchestratorManager: run the whole doorbell from a program, watch it, ring it, be told what happens.

Importing this needs no Django; making a manager sets it up when nobody has. docs/manager.md has examples.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config import OrchestratorConfig
from pipeline.manager.callbacks import DOORBELL_PRESSED, VISITOR_DECIDED, Callback, Callbacks
from pipeline.manager.states import SystemHealth, SystemState

if TYPE_CHECKING:
    from migration.legacy_adapter import LegacyAdapter
    from pipeline.manager.measured import MeasuredOrchestrator
    from pipeline.manager.options import RunOptions

__all__ = ["OrchestratorManager", "SystemHealth", "SystemState"]

logger = logging.getLogger(__name__)

SETTINGS = "doorbell_site.settings"


class OrchestratorManager:
    """The doorbell of this folder (DOORBELL_VAR).

    config: a dict as `OrchestratorConfig.from_dict` takes it, or that object; None goes by the installation's own
        configuration. What is given reaches every process.
    run: what the foreground command adds; see pipeline.manager.options.

    Where another program runs the doorbell already, `start` raises AlreadyRunning, and everything that asks, rings or
    listens works on that one. Raises ConfigError.
    """

    def __init__(
        self, config: Mapping[str, object] | OrchestratorConfig | None = None, *, run: RunOptions | None = None
    ) -> None:
        set_up_django()
        # Below this line Django may be asked for models and settings.
        from pipeline.configured import current_config
        from pipeline.manager.lifecycle import Lifecycle
        from pipeline.manager.news import News
        from pipeline.manager.options import RunOptions

        if config is None:
            self.config: OrchestratorConfig = current_config()
        else:
            self.config = config if isinstance(config, OrchestratorConfig) else OrchestratorConfig.from_dict(config)
        for warning in self.config.warnings:
            logger.warning("configuration: %s", warning)
        self._callbacks = Callbacks()
        self._news = News(self._callbacks)
        self._life = Lifecycle(self.config, run or RunOptions(), self._callbacks, is_own=config is not None)
        self._legacy: LegacyAdapter | None = None

    def start(self) -> None:
        """Return when everything runs; harmless when it does. After ERROR it starts anew.

        Raises AlreadyRunning, BrokerError, PartFailed, CameraError, ModelError, AddressUnusable, DatabaseError;
        whatever had started is stopped again, and `last_error` has the reason.
        """
        self._life.start()
        if self._listens_to_visits:
            self._news.start()

    def stop(self) -> None:
        """End it gracefully, within 10 s: what runs is finished, what waits is kept. Harmless in any state."""
        self._life.stop()
        self._news.stop()

    def kill(self) -> None:
        """End every process at once, also while `stop` waits; rows keep what was not finished."""
        self._life.kill()

    def get_health_status(self) -> SystemHealth:
        """Measured and judged now, which takes some milliseconds, and seconds while broker or database are away."""
        from health.assessment import assess

        assessment = assess(self.config)
        status = self._life.status()
        return SystemHealth(
            state=status.state,
            uptime=status.uptime_s,
            pipeline_status=self.orchestrator.get_pipeline_metrics(assessment.facts),
            error_count=status.error_count,
            warning_count=status.warning_count,
            last_error=status.last_error,
            performance_score=assessment.score.value,
        )

    def trigger_doorbell(self) -> dict[str, Any]:
        """Ring, as the button does: {"status", "message", "event_id"}.

        status: `success` when a camera is looking; `error` when the press was recorded without a picture, or, with
        event_id None, could not be recorded.
        """
        from pipeline.manager.ringing import ring_now

        return ring_now()

    def register_event_callback(self, event_type: str, callback: Callback) -> None:
        """Have `callback(facts)` called in a thread of this process; one that raises is logged and harms nothing.

        `system_error`, `performance_warning`, `health_update` tell of the doorbell that this manager started;
        `doorbell_pressed` and `visitor_decided` of every press and decision, whichever process made it.
        """
        self._callbacks.register(event_type, callback)
        if self._listens_to_visits:
            self._news.start()

    def get_legacy_interface(self) -> LegacyAdapter:
        """The old system's main object over this manager; always the same one. docs/legacy-api.md lists its parts."""
        # The one place that knows what lies above it: programs for the old system begin here.
        from migration.legacy_adapter import LegacyAdapter

        if self._legacy is None:
            self._legacy = LegacyAdapter(self)
        return self._legacy

    @property
    def orchestrator(self) -> MeasuredOrchestrator:
        """The processes of the current run; `get_pipeline_metrics()` is the part for programs."""
        return self._life.orchestrator

    @property
    def state(self) -> SystemState:
        return self._life.status().state

    @property
    def running(self) -> bool:
        """Whether the doorbell of this folder runs, all of it or, after an error, the rest."""
        return self._life.status().running_since is not None

    @property
    def is_own(self) -> bool:
        """Whether this manager is the one that runs it."""
        return self._life.running_since is not None

    @property
    def start_time(self) -> float | None:
        """time.time() when it began to run."""
        return self._life.status().running_since

    @property
    def last_error(self) -> str | None:
        return self._life.status().last_error

    @property
    def error_count(self) -> int:
        return self._life.status().error_count

    @property
    def warning_count(self) -> int:
        return self._life.status().warning_count

    @property
    def restart_attempts(self) -> int:
        """The most restarts of one process within the cooldown. Set to 0, it lets a stopped recovery try again."""
        return self._life.status().restart_attempts

    @restart_attempts.setter
    def restart_attempts(self, attempts: int) -> None:
        if attempts != 0:
            raise ValueError(f"restart_attempts was set to {attempts!r}; it can only be set to 0, to try again")
        self._life.recovery.start_anew()

    @property
    def max_restart_attempts(self) -> int:
        return self.config.max_restart_attempts

    @property
    def auto_recovery_enabled(self) -> bool:
        return self.config.auto_recovery_enabled

    @property
    def health_check_interval(self) -> float:
        return self.config.health_check_interval

    @property
    def event_callbacks(self) -> dict[str, list[Callback]]:
        """What is registered, by name; a copy."""
        return self._callbacks.as_dict()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Return when it is over: stopped, or in an ERROR that nothing here will mend (see docs/manager.md).

        False when `timeout_s` passed before.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._life.is_over:
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(0.2)
        return True

    @property
    def _listens_to_visits(self) -> bool:
        registered = self._callbacks.as_dict()
        return bool(registered.get(DOORBELL_PRESSED) or registered.get(VISITOR_DECIDED))


def set_up_django() -> None:
    """For plain programs; harmless where it is set up. They run in the project's folder, or have it on their path."""
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
        import django

        django.setup()
