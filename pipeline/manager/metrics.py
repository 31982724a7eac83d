"""get_pipeline_metrics(): what the stages, queues and processes do, measured. None: it cannot be known now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

import psutil
import redis
from django.db import DatabaseError, close_old_connections

from events import measurements
from events.models import Camera
from health.facts import Facts
from health.measuring import gather_facts
from pipeline.camera_figures import CameraFigures, camera_figures
from pipeline.config import OrchestratorConfig
from pipeline.heartbeat import Beat, beats_by_pid
from pipeline.manager.status import ManagerStatus, ProcessStatus

Metrics: TypeAlias = dict[str, Any]
TIMED_STAGES = {
    "face_detection": measurements.DETECTION,
    "face_recognition": measurements.RECOGNITION,
    "event_processing": measurements.DECISION,
}
QUEUE_OF = {"face_detection": "detection", "face_recognition": "recognition", "event_processing": "events"}


class ProcessMeter:
    """Processor time of processes, percent of one core since the look before; None at the first look."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}

    def measure(self, pid: int) -> tuple[float | None, float | None]:
        """Processor time, percent, and memory, MB; None for what cannot be measured."""
        try:
            process = self._known.get(pid)
            if process is None or not process.is_running():
                process = self._known[pid] = psutil.Process(pid)
                process.cpu_percent()
                return None, _memory_mb(process)
            return round(process.cpu_percent(), 1), _memory_mb(process)
        except psutil.Error:
            self._known.pop(pid, None)
            return None, None


def _memory_mb(process: psutil.Process) -> float:
    return round(process.memory_info().rss / 1024**2, 1)


def pipeline_metrics(
    status: ManagerStatus, config: OrchestratorConfig, meter: ProcessMeter, facts: Facts | None = None
) -> Metrics:
    """facts: measured a moment ago; None measures them now."""
    facts = facts or gather_facts()
    beats = _unless_away(beats_by_pid)
    figures = _unless_away(_figures) if facts.cameras is not None else None
    return {
        "pipeline_status": status.state.value,
        "uptime": status.uptime_s,
        "events_per_minute": facts.events_per_minute,
        "queue_status": _queues(facts, config),
        "worker_status": {each.name: _worker(each, beats, meter) for each in status.processes},
        "stages": _stages(status, facts, figures, config),
    }


def _figures() -> tuple[CameraFigures, ...]:
    enabled = list(Camera.objects.filter(is_enabled=True).values_list("pk", flat=True))
    return tuple(camera_figures(enabled).values())


def _queues(facts: Facts, config: OrchestratorConfig) -> Metrics:
    if facts.queues is None:
        return {"queues": None, "total": None, "backlog_warning": None}
    lengths = [queue.length for queue in facts.queues.values() if queue.length is not None]
    return {
        "queues": {name: asdict(queue) for name, queue in facts.queues.items()},
        "total": sum(lengths),
        "backlog_warning": max(lengths, default=0) > config.queue_backlog_threshold,
    }


def _worker(process: ProcessStatus, beats: Mapping[int, Beat] | None, meter: ProcessMeter) -> Metrics:
    beat = beats.get(process.pid) if beats is not None and process.pid is not None else None
    cpu_percent, memory_mb = meter.measure(process.pid) if process.pid is not None else (None, None)
    return {
        "state": process.state,
        "alive": process.is_alive,
        "busy": None if beat is None else beat.busy_s is not None,
        "task": beat.task if beat is not None and beat.task else None,
        "processed": None if beat is None else beat.processed,
        "restarts": process.restarts,
        "pid": process.pid,
        "cpu_percent": cpu_percent,
        "memory_mb": memory_mb,
    }


def _stages(
    status: ManagerStatus, facts: Facts, figures: tuple[CameraFigures, ...] | None, config: OrchestratorConfig
) -> Metrics:
    pipeline = config.pipeline_config
    enabled = {
        "face_detection": pipeline.face_detection.enabled,
        "face_recognition": pipeline.face_recognition.enabled,
        "event_processing": pipeline.event_processing.enabled,
    }
    is_watching = any(each.is_alive and each.queue == "camera" for each in status.processes)
    has_motion = pipeline.motion_detection.enabled
    return {
        "frame_capture": {
            "enabled": pipeline.frame_capture.enabled,
            "running": is_watching,
            **_frame_capture(facts, figures),
        },
        "motion_detection": {
            "enabled": has_motion,
            "running": has_motion and is_watching,
            "processed": _sum(figures, lambda each: each.frames) if has_motion else None,
            "visits": _sum(figures, lambda each: each.motion_events) if has_motion else None,
            **dict.fromkeys(("failed", "p50_ms", "p95_ms")),
        },
        **{name: {"enabled": enabled[name], **_timed(name, facts)} for name in TIMED_STAGES},
    }


def _frame_capture(facts: Facts, figures: tuple[CameraFigures, ...] | None) -> Metrics:
    """Of all cameras together, and of each."""
    cameras = facts.cameras
    silent = [camera.silent_s for camera in cameras or () if camera.silent_s is not None]
    return {
        "fps": _sum(figures, lambda each: each.fps),
        "skipped": _sum(figures, lambda each: each.skipped),
        "last_frame_age": min(silent, default=None),
        "processed": _sum(figures, lambda each: each.frames),
        **dict.fromkeys(("failed", "p50_ms", "p95_ms")),
        "cameras": None if cameras is None else {camera.name: asdict(camera) for camera in cameras},
    }


def _sum(figures: tuple[CameraFigures, ...] | None, of: Callable[[CameraFigures], float]) -> float | None:
    """None when no camera's process reports."""
    return round(sum(map(of, figures)), 2) if figures else None


def _timed(name: str, facts: Facts) -> Metrics:
    alive = None if facts.workers is None else facts.workers.get(QUEUE_OF[name], 0)
    counted = _unless_away(lambda: measurements.histogram(TIMED_STAGES[name]))
    recent = _unless_away(lambda: measurements.recent_ms(TIMED_STAGES[name])) or []
    return {
        "running": None if alive is None else alive > 0,
        "workers": alive,
        "processed": None if counted is None else counted.total,
        "failed": None if counted is None else counted.failed,
        "p50_ms": measurements.percentile(recent, 0.5),
        "p95_ms": measurements.percentile(recent, 0.95),
    }


def _unless_away(measure: Callable[[], Any]) -> Any:
    """None when the broker or the database is away."""
    try:
        return measure()
    except redis.RedisError:
        return None
    except DatabaseError:
        close_old_connections()
        return None
