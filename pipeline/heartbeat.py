"""Processes say that they are alive, and what they are at, by a key in Redis that runs out."""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import redis
from celery.signals import task_postrun, task_prerun, worker_ready, worker_shutdown

from events.broadcast import PREFIX, redis_client
from pipeline.queues import QUEUES

INTERVAL_S = 2.0
EXPIRES_S = 10
CAMERA = "camera"  # stands where a worker's queue does
CAMERA_EXPIRES_S = 45  # its loop may wait 20 s for a database that is locked, twice
_stop = threading.Event()


@dataclass(frozen=True, slots=True)
class Beat:
    """What a process of this machine last said.

    parent_pid: on some systems a launcher stands between a process and its supervisor. busy_s: for how long it has been
    at `task`, the oldest of several, and None while it waits for one. processed: tasks since it started.
    """

    queue: str
    pid: int
    parent_pid: int
    task: str = ""
    busy_s: float | None = None
    processed: int = 0


class Work:
    """What this worker is at. Its tasks run in one thread or several, and its heartbeat in another."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: dict[int, tuple[str, float]] = {}  # by thread, the oldest first
        self._processed = 0

    def begin(self, thread: int, task: str) -> None:
        with self._lock:
            self._running[thread] = (task, self._clock())

    def end(self, thread: int) -> None:
        with self._lock:
            self._running.pop(thread, None)
            self._processed += 1

    def beat(self, queue: str) -> Beat:
        with self._lock:
            task, began_s = next(iter(self._running.values()), ("", None))
            busy_s = None if began_s is None else round(self._clock() - began_s, 1)
            return Beat(queue, os.getpid(), os.getppid(), task, busy_s, self._processed)


_work = Work()


def worker_key(queue: str) -> str:
    return f"{PREFIX}worker:{queue}:{socket.gethostname()}:{os.getpid()}"


@task_prerun.connect
def begin_task(task: Any, args: Any, **_kwargs: Any) -> None:
    _work.begin(threading.get_ident(), f"{task.name.rpartition('.')[2]}({', '.join(map(str, args))})")


@task_postrun.connect
def end_task(**_kwargs: Any) -> None:
    _work.end(threading.get_ident())


@worker_ready.connect
def start_heartbeat(sender: Any, **_kwargs: Any) -> None:
    queues = [queue.name for queue in sender.task_consumer.queues]
    _stop.clear()
    threading.Thread(target=_beat, args=(queues,), name="heartbeat", daemon=True).start()


@worker_shutdown.connect
def stop_heartbeat(**_kwargs: Any) -> None:
    _stop.set()


class CameraPulse:
    """The heartbeat of a camera's process, which its own loop gives: a loop that hangs is silent."""

    def __init__(self) -> None:
        self._beat_s = -INTERVAL_S

    def beat(self) -> None:
        """At most every INTERVAL_S; costs nothing in between."""
        if time.monotonic() - self._beat_s >= INTERVAL_S:
            self._beat_s = time.monotonic()
            with contextlib.suppress(redis.RedisError):
                _say(Beat(CAMERA, os.getpid(), os.getppid()), CAMERA_EXPIRES_S)


def live_workers() -> dict[str, int]:
    """How many workers serve each queue. Raises redis.RedisError."""
    return {queue: sum(1 for _ in redis_client().scan_iter(f"{PREFIX}worker:{queue}:*", count=100)) for queue in QUEUES}


def beats() -> list[Beat]:
    """Of the processes of this machine. Raises redis.RedisError."""
    keys = list(redis_client().scan_iter(f"{PREFIX}worker:*:{socket.gethostname()}:*", count=100))
    said = [json.loads(text) for text in redis_client().mget(keys) if text] if keys else []
    return [Beat(**words) for words in said if isinstance(words, dict)]


def beats_by_pid() -> dict[int, Beat]:
    """By the process id that a supervisor knows. Raises redis.RedisError."""
    found = beats()
    return {beat.parent_pid: beat for beat in found} | {beat.pid: beat for beat in found}


def _say(beat: Beat, expires_s: int = EXPIRES_S) -> None:
    redis_client().set(worker_key(beat.queue), json.dumps(asdict(beat)), ex=expires_s)


def _beat(queues: list[str]) -> None:
    while True:
        with contextlib.suppress(redis.RedisError):  # the broker is away; the next beat tries again
            for queue in queues:
                _say(_work.beat(queue))
        if _stop.wait(INTERVAL_S):
            break
    with contextlib.suppress(redis.RedisError):
        redis_client().delete(*map(worker_key, queues))
