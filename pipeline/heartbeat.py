"""Workers say that they are alive by a key in Redis that runs out."""

import contextlib
import os
import socket
import threading
from typing import Any

import redis
from celery.signals import worker_ready, worker_shutdown

from events.broadcast import PREFIX, redis_client
from pipeline.queues import QUEUES

INTERVAL_S = 5.0
EXPIRES_S = 15
_stop = threading.Event()


def worker_key(queue: str) -> str:
    return f"{PREFIX}worker:{queue}:{socket.gethostname()}:{os.getpid()}"


@worker_ready.connect
def start_heartbeat(sender: Any, **_kwargs: Any) -> None:
    queues = [queue.name for queue in sender.task_consumer.queues]
    _stop.clear()
    threading.Thread(target=_beat, args=(queues,), name="heartbeat", daemon=True).start()


@worker_shutdown.connect
def stop_heartbeat(**_kwargs: Any) -> None:
    _stop.set()


def live_workers() -> dict[str, int]:
    """How many workers serve each queue. Raises redis.RedisError."""
    return {queue: sum(1 for _ in redis_client().scan_iter(f"{PREFIX}worker:{queue}:*", count=100)) for queue in QUEUES}


def _beat(queues: list[str]) -> None:
    keys = [worker_key(queue) for queue in queues]
    while True:
        try:
            for key in keys:
                redis_client().set(key, 1, ex=EXPIRES_S)
        except redis.RedisError:
            pass  # the broker is away; the next beat tries again
        if _stop.wait(INTERVAL_S):
            break
    with contextlib.suppress(redis.RedisError):
        redis_client().delete(*keys)
