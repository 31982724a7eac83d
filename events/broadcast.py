"""Words between processes that matter now or never, by Redis pub/sub. What must not be lost is in
a row; a broadcast only saves the wait for the next look at the rows."""

import json
import logging
from collections.abc import Generator
from functools import cache
from typing import Any

import redis
from django.conf import settings

logger = logging.getLogger(__name__)
PREFIX = "doorbell:"
PRESSED = "pressed"
DECIDED = "decided"


@cache
def redis_client() -> redis.Redis:
    """One pool per process, on the Redis that the queues use; it answers or fails within 2 s."""
    return redis.Redis.from_url(
        redis_url(settings.CELERY_BROKER_URL), socket_connect_timeout=2, socket_timeout=2, decode_responses=True
    )


def redis_url(broker_url: str) -> str:
    """Celery writes a unix socket as redis+socket:///path, redis-py as unix:///path."""
    return broker_url.replace("redis+socket://", "unix://", 1)


def broadcast(topic: str, **facts: Any) -> bool:
    """Send to whoever listens at this moment; False when Redis is away."""
    try:
        redis_client().publish(PREFIX + topic, json.dumps(facts))
    except redis.RedisError as error:
        logger.warning("could not broadcast %s: %s", topic, error)
        return False
    return True


def listen(*topics: str, poll_s: float = 1.0) -> Generator[tuple[str, dict[str, Any]] | None]:
    """Yield None once it listens, then (topic, facts) as they come, and None after every `poll_s`
    seconds of silence. A caller that looks at the rows at each None misses nothing.

    Raises redis.RedisError when the broker goes away.
    """
    with redis_client().pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
        channel.subscribe(*(PREFIX + topic for topic in topics))
        yield None
        while True:
            message = channel.get_message(timeout=poll_s)
            if message is None:
                yield None
                continue
            yield message["channel"].removeprefix(PREFIX), json.loads(message["data"])
