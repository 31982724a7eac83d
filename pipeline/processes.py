"""What the system consists of: one process each, as a command and its surroundings."""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from pipeline.heartbeat import CAMERA
from pipeline.supervisor import BackOff, ChildSpec, Restart

REPOSITORY = Path(__file__).resolve().parent.parent

# Several workers share the cores: a library that starts a thread for each core makes them fight.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
}
# glibc gives a picture's memory back after each task, and the next one takes 3 ms to have it again, page by page.
KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2), "MALLOC_TRIM_THRESHOLD_": str(64 * 1024**2)}
SURROUNDINGS = {
    "DJANGO_SETTINGS_MODULE": "doorbell_site.settings",
    "DOORBELL_VAR": str(settings.VAR_DIR),  # absolute: the processes work in another folder
    "DOORBELL_VERBOSE": "0",  # what a process logs is in the file already
    "PYTHONUNBUFFERED": "1",
    # The checks load every page and the admin. Those of the configuration ran before the processes were started.
    "CELERY_SKIP_CHECKS": "1",
}
# Messages wait for the other side: a channel that hangs holds up no other one.
THREADS = {"notifications": 8}
FOR_EVER = BackOff(first_s=1.0, longest_s=30.0, max_restarts=None, window_s=300.0)


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """source: None takes `row_source`, which the process reads from the camera's row: a password in it
    is not shown by `ps`."""

    name: str
    source: str | None = None
    loop: bool = False
    row_source: str = ""


def worker(queue: str, number: int = 1) -> ChildSpec:
    """A Celery worker in a process of its own: nothing is left of it when it is killed, and a supervisor sees each one.
    It runs one task at a time, unless THREADS says otherwise."""
    pool, size = ("threads", THREADS[queue]) if queue in THREADS else ("solo", 1)
    return _python(
        f"{queue} worker {number}",
        *("-m", "celery", "-A", "doorbell_site", "--quiet", "worker", "--pool", pool, "--concurrency", str(size)),
        *("--queues", queue, "--hostname", f"{queue}-{number}-{os.getpid()}@%h"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        environment=ONE_THREAD | KEPT_MEMORY,
        queue=queue,
    )


def events_worker() -> ChildSpec:
    """The worker of the queue `events`, with the scheduler inside."""
    spec = worker("events")
    return replace(spec, name="events worker", command=(*spec.command, "--include", "pipeline.scheduler"))


def capture(camera: CameraPlan) -> ChildSpec:
    """The camera's process; it is left alone once its recording is through, and tried for ever otherwise."""
    return _python(
        f"camera {camera.name}",
        *("manage.py", "run_capture", f"--camera={camera.name}", "--realtime"),
        *((f"--source={camera.source}",) if camera.source else ()),
        *(("--loop",) if camera.loop else ()),
        restart=Restart.ON_FAILURE,
        back_off=FOR_EVER,
        stop_within_s=6.0,
        queue=CAMERA,
    )


def mqtt() -> ChildSpec:
    """The bridge to the MQTT broker; it waits for the broker by itself."""
    return _python("MQTT bridge", "manage.py", "run_mqtt", back_off=FOR_EVER)


def web(host: str, port: int, allowed_hosts: list[str]) -> ChildSpec:
    return _python(
        "web server",
        *("-m", "uvicorn", "doorbell_site.asgi:application", "--host", host, "--port", str(port)),
        *("--no-access-log", "--no-server-header", "--log-level", "warning", "--lifespan", "off"),
        *("--timeout-graceful-shutdown", "2"),
        environment={"ALLOWED_HOSTS": ",".join(allowed_hosts)},
    )


def _python(
    name: str,
    *words: str,
    environment: dict[str, str] | None = None,
    restart: Restart = Restart.ALWAYS,
    back_off: BackOff | None = None,
    stop_within_s: float = 5.0,
    queue: str = "",
) -> ChildSpec:
    return ChildSpec(
        name=name,
        command=(sys.executable, *words),
        environment=SURROUNDINGS | (environment or {}),
        folder=REPOSITORY,
        restart=restart,
        back_off=back_off or BackOff(),
        stop_within_s=stop_within_s,
        queue=queue,
    )
