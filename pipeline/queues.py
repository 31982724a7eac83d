"""Put rows on their way. A message carries an id; when the broker is away the row waits, and the
sweeper sends it later."""

import logging
from typing import Any

import redis
from celery import Task, current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from events.broadcast import redis_client
from events.models import Trigger

logger = logging.getLogger(__name__)

PRESS_PRIORITY = 0
MOTION_PRIORITY = 5
QUEUES = ("detection", "recognition", "events", "notifications")


def priority_of(trigger: str) -> int:
    """Redis serves the smaller number first: presses, then uploads and motion."""
    return PRESS_PRIORITY if trigger == Trigger.PRESS else MOTION_PRIORITY


def enqueue(task: "Task[[int], Any]", row_id: int, *, priority: int) -> None:
    """Send once the transaction around this call is committed."""
    transaction.on_commit(lambda: send(task, row_id, priority=priority))


def send(task: "Task[[int], Any]", row_id: int, *, priority: int) -> bool:
    """Send now; False, and a line in the log, when the broker is away."""
    try:
        task.apply_async((row_id,), priority=priority, retry=False)
    except (OperationalError, redis.RedisError) as error:
        logger.warning("%s(%s) waits for the broker: %s", task.name, row_id, error)
        return False
    return True


def queue_length(queue: str) -> int:
    """Messages that no worker has taken yet. Raises redis.RedisError."""
    options = current_app.conf.broker_transport_options
    prefix, separator = options.get("global_keyprefix", ""), options["sep"]
    keys = [f"{prefix}{queue}{separator}{step}" if step else f"{prefix}{queue}" for step in options["priority_steps"]]
    return sum(redis_client().llen(key) for key in keys)
