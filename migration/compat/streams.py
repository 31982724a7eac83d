"""Endless answers, each for a bounded time: words as Server-Sent Events, frames as MJPEG. They wait without polling,
and keep no database connection while they wait."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from redis.asyncio.client import PubSub

from events.broadcast import DECIDED, PREFIX, PRESSED, redis_url
from events.browsing import events_to_show
from events.models import Outcome
from migration.compat.visits import capture_address, old_event
from pipeline.snapshots import TAKEN, WANTED, NoSnapshot, read_snapshot

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

LIFETIME_S = 15 * 60.0  # then the client connects anew, and is asked again who it is
HEARTBEAT_S = 15.0
STATUS_EVERY_S = 5.0
RETRY_MS = 2000
FRAME_WITHIN_S = 3.0
OPEN_MAX = 16
BOUNDARY = "frame"
DOES_NOT_ANSWER = "the doorbell's broker or database does not answer"


@dataclass(frozen=True, slots=True)
class Quality:
    width_px: int
    fps: float


QUALITIES = {"low": Quality(320, 10.0), "medium": Quality(640, 15.0), "high": Quality(1280, 20.0)}


class OpenStreams:
    """How many streams this process serves at the moment; it serves all of them in one thread."""

    def __init__(self) -> None:
        self._count = 0

    @property
    def is_full(self) -> bool:
        return self._count >= OPEN_MAX

    @contextmanager
    def one_more(self) -> Iterator[None]:
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1


open_streams = OpenStreams()


async def event_words(lifetime_s: float = LIFETIME_S, heartbeat_s: float = HEARTBEAT_S) -> AsyncGenerator[bytes]:
    """`connected`, then a word for each press and decision, and a heartbeat in silence."""
    deadline_s = time.monotonic() + lifetime_s
    with open_streams.one_more():
        try:
            async with _listening(PREFIX + PRESSED, PREFIX + DECIDED) as (_, channel):
                yield word("connected", {"message": "the visits of this doorbell follow"})
                while (left_s := deadline_s - time.monotonic()) > 0:
                    heard = await _next_message(channel, min(left_s, heartbeat_s))
                    told = word("heartbeat", {}) if heard is None else await _from_rows(_tell, *heard)
                    if told:
                        yield told
        except (redis.RedisError, DatabaseError):
            yield word("error", {"message": DOES_NOT_ANSWER})


async def status_words(
    describe: Callable[[], dict[str, Any]], lifetime_s: float = LIFETIME_S, every_s: float = STATUS_EVERY_S
) -> AsyncGenerator[bytes]:
    """`status_connected`, then what `describe` says, every few seconds."""
    deadline_s = time.monotonic() + lifetime_s
    with open_streams.one_more():
        yield word("status_connected", {})
        try:
            while True:
                yield word("system_status", await _from_rows(describe))
                if time.monotonic() + every_s > deadline_s:
                    return
                await asyncio.sleep(every_s)
        except (redis.RedisError, DatabaseError):
            yield word("error", {"message": DOES_NOT_ANSWER})


async def video_parts(
    camera_id: int, quality: Quality, lifetime_s: float = LIFETIME_S, frame_within_s: float = FRAME_WITHIN_S
) -> AsyncGenerator[bytes]:
    """The parts of a multipart/x-mixed-replace answer; ends when the camera gives no frame for some seconds."""
    reply_to = uuid.uuid4().hex
    deadline_s = time.monotonic() + lifetime_s
    wanted = json.dumps({"camera": camera_id, "reply_to": reply_to, "width_px": quality.width_px})
    with open_streams.one_more(), suppress(redis.RedisError, NoSnapshot):
        async with _listening(f"{PREFIX}{TAKEN}:{reply_to}") as (client, channel):
            while (began_s := time.monotonic()) < deadline_s:
                await client.publish(PREFIX + WANTED, wanted)
                heard = await _next_message(channel, frame_within_s)
                if heard is None:
                    return
                yield _part(read_snapshot(heard[1]).jpeg)
                await asyncio.sleep(max(0.0, 1 / quality.fps - (time.monotonic() - began_s)))


def word(kind: str, facts: dict[str, Any]) -> bytes:
    """One Server-Sent Event; `type` says which, so that `onmessage` hears all of them."""
    told = {"type": kind, "event_type": kind, "data": facts, "timestamp": timezone.localtime().isoformat()}
    return f"retry: {RETRY_MS}\ndata: {json.dumps(told, allow_nan=False)}\n\n".encode()


def _tell(topic: str, facts: dict[str, Any]) -> bytes:
    """Empty for a visit that was deleted meanwhile."""
    event = events_to_show().filter(pk=facts["event"]).first()
    if event is None:
        return b""
    if topic == PRESSED:
        return word("doorbell_pressed", {"event_id": event.pk, "timestamp": event.started_at.isoformat()})
    if event.outcome == Outcome.PENDING:
        return b""
    return word("event_processed", {"event_id": event.pk, **old_event(event, capture_address)})


async def _from_rows(read: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Read in a thread, as Django's rows are, and let go of the connection."""

    def read_and_let_go() -> Result:
        try:
            return read(*args, **kwargs)
        finally:
            let_go_of_database()

    return await sync_to_async(read_and_let_go)()


def let_go_of_database() -> None:
    """For this thread's part of a request that lasts for minutes; a transaction that is open keeps its connection."""
    if not connection.in_atomic_block:
        close_old_connections()


def _part(jpeg: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"


@asynccontextmanager
async def _listening(*topics: str) -> AsyncGenerator[tuple[redis.asyncio.Redis, PubSub]]:
    """Raises redis.RedisError."""
    client = redis.asyncio.Redis.from_url(
        redis_url(settings.CELERY_BROKER_URL), socket_connect_timeout=2, decode_responses=True
    )
    async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(*topics)
        yield client, channel


async def _next_message(channel: PubSub, within_s: float) -> tuple[str, dict[str, Any]] | None:
    """(topic, facts); None when nothing came in time. What Redis says about the subscription itself is passed over."""
    deadline_s = time.monotonic() + within_s
    while (left_s := deadline_s - time.monotonic()) > 0:
        message = await channel.get_message(ignore_subscribe_messages=True, timeout=left_s)
        if message is not None:
            return message["channel"].removeprefix(PREFIX), json.loads(message["data"])
    return None
