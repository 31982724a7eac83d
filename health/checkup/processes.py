"""Workers and cameras: who does the work."""

from collections.abc import Iterable

from health.facts import CameraFact, Facts
from health.findings import Finding, Level
from pipeline.config import OrchestratorConfig

START = "`./doorbell run` starts it; the log says why one ended."
RESTARTS_WORTH_A_WORD = 3


def wanted_workers(config: OrchestratorConfig) -> dict[str, int]:
    """How many workers each queue should have; at least one, wherever it runs."""
    pipeline = config.pipeline_config
    detection, recognition = pipeline.face_detection, pipeline.face_recognition
    wanted = {
        "detection": detection.worker_count if detection.enabled else 1,
        "recognition": recognition.worker_count if recognition.enabled else 1,
        "events": 1,
    }
    return wanted | ({"notifications": 1} if pipeline.notifications.enabled else {})


def workers(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    alive = facts.workers or {}
    wanted = {queue: number for queue, number in wanted_workers(config).items() if queue in alive}
    for queue, number in wanted.items():
        name, text = f"worker {queue}", f"{alive[queue]} of {number} workers serve the queue {queue}."
        if alive[queue] == 0:
            yield Finding(name, Level.ERROR, f"No worker serves the queue {queue}.", START)
        elif alive[queue] < number:
            yield Finding(name, Level.WARNING, text, START)
        else:
            yield Finding(name, Level.OK, text)


def cameras(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    watched = watched_cameras(facts)
    if not watched and config.pipeline_config.frame_capture.enabled:
        text = "No camera is set up: presses are recorded without a picture."
        yield Finding("cameras", Level.WARNING, text, "Add a camera in the admin, or start with --source.")
    for camera in watched:
        yield _camera(camera)


def watched_cameras(facts: Facts) -> list[CameraFact]:
    """Those that should be giving frames: with a source of their own, or started with one."""
    return [
        camera
        for camera in facts.cameras or ()
        if camera.has_source or camera.is_live or camera.state not in ("", "ended")
    ]


def _camera(camera: CameraFact) -> Finding:
    name = f"camera {camera.name}"
    if camera.is_live:
        rate = "" if camera.fps is None else f" at {camera.fps:.1f} frames a second"
        return Finding(name, Level.OK, f"Camera {camera.name} is live{rate}.")
    since = "has given no frame yet" if camera.silent_s is None else f"gave its last frame {_ago(camera.silent_s)} ago"
    reported = f" It reported: {camera.state_text}" if camera.state_text else ""
    remedy = "Check its power, its cable or network, and its source in the admin; it is tried again all the time."
    return Finding(name, Level.ERROR, f"Camera {camera.name} {since}.{reported}", remedy)


def _ago(seconds: float) -> str:
    for unit, length_s in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"


def restarts(facts: Facts, _config: OrchestratorConfig) -> Iterable[Finding]:
    count = facts.restarts or 0
    text = f"{count or 'No'} process{'es were' if count != 1 else ' was'} restarted within the last hour."
    level = Level.WARNING if count >= RESTARTS_WORTH_A_WORD else Level.OK
    yield Finding("restarts", level, text, "The recovery attempts in the admin name them." if level != Level.OK else "")
