import os
from collections.abc import Callable
from dataclasses import replace

import pytest
import redis
from django.utils import timezone

from events import measurements
from events.models import Camera
from health.facts import Facts
from pipeline import heartbeat
from pipeline.camera_figures import CameraFigures, tell_figures
from pipeline.config import OrchestratorConfig
from pipeline.heartbeat import Beat
from pipeline.manager.metrics import ProcessMeter, pipeline_metrics
from pipeline.manager.states import SystemState
from pipeline.manager.status import ManagerStatus, ProcessStatus

pytestmark = pytest.mark.django_db

HERE = ProcessStatus("detection worker 1", "running", os.getpid(), 2, "detection")
GONE = ProcessStatus("camera front door", "waiting", None, 1, "camera")
STATUS = ManagerStatus(SystemState.RUNNING, 1, running_since=1000.0, processes=(HERE, GONE))


@pytest.fixture
def measured(broker: redis.Redis) -> None:
    """A worker at its seventh task, a camera, and a stage that ran four times and failed once."""
    heartbeat._say(Beat("detection", os.getpid(), 1, "detect_faces(9)", 0.2, 6))
    yard = Camera.objects.create(name="yard", source="0", state="live", seen_at=timezone.now())
    tell_figures(yard, CameraFigures(fps=8.0, frames=80, skipped=3, motion_events=2, press_events=0, captures=5))
    for seconds in (0.1, 0.2, 0.3, 0.9):
        measurements.observe(measurements.DETECTION, seconds)
    measurements.count_failure(measurements.DETECTION)


def test_every_figure_is_measured(
    measured: None,
    well: Callable[..., Facts],
    config: OrchestratorConfig,
) -> None:
    metrics = pipeline_metrics(STATUS, config, ProcessMeter(), well())
    assert metrics["pipeline_status"] == "running"
    assert metrics["uptime"] > 1e6
    assert metrics["events_per_minute"] == 0.4
    assert metrics["queue_status"]["queues"]["events"] == {"length": 1, "oldest_s": 0.1}
    assert (metrics["queue_status"]["total"], metrics["queue_status"]["backlog_warning"]) == (1, False)
    detection = metrics["stages"]["face_detection"]
    assert detection == {
        "enabled": True, "running": True, "workers": 2, "processed": 4, "failed": 1, "p50_ms": 200.0, "p95_ms": 900.0,
    }  # fmt: skip
    capture = metrics["stages"]["frame_capture"]
    assert (capture["fps"], capture["skipped"], capture["processed"], capture["last_frame_age"]) == (8.0, 3, 80, 0.5)
    assert metrics["stages"]["motion_detection"]["visits"] == 2
    worker = metrics["worker_status"]["detection worker 1"]
    assert (worker["alive"], worker["busy"], worker["task"]) == (True, True, "detect_faces(9)")
    assert (worker["processed"], worker["restarts"]) == (6, 2)
    assert worker["memory_mb"] > 1


def test_what_cannot_be_known_is_none(well: Callable[..., Facts], config: OrchestratorConfig) -> None:
    facts = well(queues=None, workers=None, events_per_minute=None, cameras=None)
    metrics = pipeline_metrics(replace(STATUS, running_since=None), config, ProcessMeter(), facts)
    assert metrics["uptime"] == 0.0
    assert metrics["events_per_minute"] is None
    assert metrics["queue_status"] == {"queues": None, "total": None, "backlog_warning": None}
    assert set(metrics["stages"]["face_recognition"].values()) == {True, None}
    camera = metrics["worker_status"]["camera front door"]
    assert camera.pop("restarts") == 1
    assert (camera.pop("state"), camera.pop("alive")) == ("waiting", False)
    assert set(camera.values()) == {None}


def test_a_queue_beyond_the_threshold_is_a_backlog(well: Callable[..., Facts]) -> None:
    strict = OrchestratorConfig(queue_backlog_threshold=1)
    facts = well()
    assert facts.queues is not None
    longer = {**facts.queues, "events": replace(facts.queues["events"], length=2)}
    metrics = pipeline_metrics(STATUS, strict, ProcessMeter(), well(queues=longer))
    assert metrics["queue_status"]["backlog_warning"] is True


def test_processor_time_is_known_from_the_second_look_on() -> None:
    meter = ProcessMeter()
    assert meter.measure(os.getpid())[0] is None
    assert meter.measure(os.getpid())[0] is not None
    assert meter.measure(2**22 + 1) == (None, None)
