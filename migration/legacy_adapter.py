"""LegacyAdapter: the old program's main object over this doorbell. docs/legacy-api.md says where each part leads."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import redis
from django.db import DatabaseError, close_old_connections

from events.models import Event, Outcome
from migration.compat.camera import OldCamera
from migration.compat.face_manager import OldFaceManager
from migration.compat.gpio import OldGpio
from migration.compat.notifier import OldNotifier
from migration.compat.old_settings import OldSettings
from migration.compat.replaced import Replaced
from migration.compat.visits import OldCapture, recent_captures
from pipeline.errors import DoorbellError
from pipeline.ring import ring

if TYPE_CHECKING:
    from pipeline.orchestrator_manager import OrchestratorManager

logger = logging.getLogger(__name__)

IN_THE_PIPELINE = "the pipeline's processes do it; docs/architecture.md tells how a press becomes an event"
DECIDED_BY_EVENTS = "events.decisions.decide_event decides, notifications and light follow by themselves"


class LegacyAdapter(Replaced):
    """One a manager: `OrchestratorManager().get_legacy_interface()`."""

    REPLACED = {
        "processing_lock": "visits are processed side by side; no press is dropped because of another",
        "_process_visitor": IN_THE_PIPELINE,
        "_capture_visitor_image": IN_THE_PIPELINE,
        "_save_capture": "pipeline.saving.save_capture",
        "_determine_response": DECIDED_BY_EVENTS,
        "_handle_blacklist_alert": DECIDED_BY_EVENTS,
        "_handle_unknown_visitor": DECIDED_BY_EVENTS,
        "_handle_known_visitor": DECIDED_BY_EVENTS,
        "_handle_no_faces": DECIDED_BY_EVENTS,
        "_handle_capture_failure": DECIDED_BY_EVENTS,
        "_log_event": "events are rows; events.models.Event",
        "_start_maintenance_tasks": "the scheduler in the events worker; pipeline.scheduler",
        "_run_scheduler": "the scheduler in the events worker; pipeline.scheduler",
    }

    def __init__(self, orchestrator_manager: OrchestratorManager) -> None:
        self.orchestrator = orchestrator_manager
        self.last_trigger_time: float = 0
        self.settings = OldSettings()
        self.face_manager = OldFaceManager(self.settings)
        self.camera = OldCamera(self.settings)
        self.gpio = OldGpio(self.settings, orchestrator_manager)
        self.notifier = OldNotifier(self.settings)

    @property
    def web_interface(self) -> None:
        """None, as where the old program served no pages: here a process of its own does."""

    @property
    def running(self) -> bool:
        """Whether the doorbell of this folder runs, started here or elsewhere."""
        return self.orchestrator.running

    def start(self) -> None:
        """Return when the doorbell runs; `orchestrator.wait()` blocks as the old start did. Raises what
        `OrchestratorManager.start` does."""
        self.gpio.release_light()
        self.orchestrator.start()
        if self.gpio.doorbell_callback is None:
            self.gpio.setup_doorbell_button(self.on_doorbell_pressed)

    def stop(self) -> None:
        """Harmless in any state."""
        self.gpio.cleanup()
        self.camera.cleanup()
        self.orchestrator.stop()

    def on_doorbell_pressed(self, channel: int | None = None) -> None:
        """Ring; within DEBOUNCE_TIME of the press before it is the same visit. Raises DatabaseError."""
        close_old_connections()
        self.last_trigger_time = time.time()
        if self.gpio.is_passing_on:
            return  # the callback of a press that is an event already
        ring(pressed_by="an old program" if channel is None else f"pin {channel}")

    def get_recent_captures(self, limit: int = 10) -> list[OldCapture]:
        """Newest first. Raises ValueError, DatabaseError."""
        return recent_captures(limit)

    def get_system_status(self) -> dict[str, Any]:
        """status: running or stopped. uptime: seconds. pipeline_health: as get_health_status measured it.
        events_processed: decided visits, all of them. last_activity: ISO 8601, None before the first visit.
        {"status": "error", "error"} when it cannot be known."""
        try:
            health = self.orchestrator.get_health_status()
            last = Event.objects.order_by("-started_at").values_list("started_at", flat=True).first()
            return {
                "status": "running" if self.running else "stopped",
                "uptime": health.uptime,
                "pipeline_health": {
                    "state": health.state.value,
                    "performance_score": health.performance_score,
                    "error_count": health.error_count,
                    "warning_count": health.warning_count,
                    "last_error": health.last_error,
                    **health.pipeline_status,
                },
                "events_processed": Event.objects.exclude(outcome=Outcome.PENDING).count(),
                "last_activity": None if last is None else last.isoformat(),
            }
        except (DatabaseError, redis.RedisError, DoorbellError, OSError) as error:
            logger.warning("the old program's status cannot be told: %s", error)
            return {"status": "error", "error": str(error)}
