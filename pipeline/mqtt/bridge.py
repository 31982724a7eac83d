"""The doorbell on MQTT: presses and decisions out as they happen, ring commands in."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import redis
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from events.broadcast import DECIDED, PRESSED, listen
from pipeline.errors import DoorbellError
from pipeline.mqtt.commands import CommandDesk
from pipeline.mqtt.connection import Connection, Delivery
from pipeline.mqtt.discovery import OFFLINE, ONLINE, birth_topic, config_filter
from pipeline.mqtt.messages import Health, messages_about
from pipeline.mqtt.news import Ledger, News
from pipeline.mqtt.packets import Incoming, Outgoing
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.retained import Kept, LastSeen, last_picture, retained_now

logger = logging.getLogger(__name__)

POLL_S = 1.0
REFRESH_EVERY_S = 10.0
HEALTH_EVERY_S = 30.0
STARTING_S = 15.0  # until the workers are up, their absence is no problem
TAKEN_WITHIN_S = 2.0
# After the broker restarted, Home Assistant takes up to 10 s to be back; a ring told before that is told to nobody.
BACK_WITHIN_S = 15.0


class BridgeDied(DoorbellError):
    """The network's thread ended; a new process is needed."""

    code = "bridge_died"


@dataclass(frozen=True, slots=True)
class Underway:
    delivery: Delivery
    then: Callable[[], None]


class Bridge:
    """Blocks in `run` until `stop`, which may come from a signal or another thread.

    read_health: asked every half minute. Raises InvalidMqttSetting.
    """

    def __init__(self, plan: MqttPlan, read_health: Callable[[], Health] = Health) -> None:
        topics = plan.topics
        self.plan = plan
        self._read_health = read_health
        self._stopping = threading.Event()
        self._desk = CommandDesk(topics.ring, plan.bell)
        self._offline = Outgoing(topics.availability, OFFLINE.encode(), is_retained=True)
        self.connection = Connection(
            plan.broker, topics.client_id, will=self._offline, filters=self._filters(), on_message=self._received
        )
        self._ledger: Ledger | None = None
        self._last_seen = LastSeen(plan)
        self._kept = Kept(plan)
        self._found: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._underway: Underway | None = None
        self._has_broadcasts = True
        self._session = 0
        self._session_at: datetime | None = None
        self._held_until_s = 0.0
        self._refreshed_s = 0.0
        self._health_due_s = time.monotonic() + STARTING_S
        self._health = b""

    def run(self) -> None:
        """Raises BridgeDied."""
        self._desk.start()
        self.connection.start()
        try:
            while not self._stopping.is_set():
                self._follow()
        finally:
            self._desk.stop()
            self.connection.stop(self._offline)

    def stop(self) -> None:
        self._stopping.set()

    def look(self) -> None:
        """Tell what there is to tell, as far as the broker takes it now. Raises BridgeDied, DatabaseError."""
        if not self.connection.is_alive:
            raise BridgeDied("the connection to the MQTT broker cannot be brought back; the log says why")
        ledger = self._ledger_row()  # from the first look on everything counts, connected or not
        if not self.connection.is_up or not self._is_free():
            return
        if self.connection.session != self._session and not self._greet():
            return
        self._look_at_health()
        if self._tell_news() and time.monotonic() - self._refreshed_s >= REFRESH_EVERY_S:
            ledger.advance()
            self._refresh()

    def _filters(self) -> list[str]:
        plan = self.plan
        filters = [plan.topics.ring, *plan.topics.kept]
        if plan.bell is not None:
            filters.append(plan.bell.topic)
        if plan.discovery_prefix:
            filters += [config_filter(plan), birth_topic(plan)]
        return filters

    def _follow(self) -> None:
        """Look at every broadcast, and every second at the rows: they know what a broadcast missed."""
        try:
            for _word in listen(PRESSED, DECIDED, poll_s=POLL_S):
                self._has_broadcasts = True
                if self._stopping.is_set():
                    return
                self._look_safely()
        except redis.RedisError as error:
            if self._has_broadcasts:
                logger.warning("visits are looked up every second, Redis is away: %s", error)
            self._has_broadcasts = False
            self._stopping.wait(POLL_S)
            self._look_safely()

    def _look_safely(self) -> None:
        try:
            self.look()
        except DatabaseError as error:
            logger.warning("visits cannot be read: %s", error)
            close_old_connections()

    def _received(self, message: Incoming) -> None:
        """Called in the network's thread."""
        if self._desk.take(message):
            return
        if self.plan.discovery_prefix and message.topic == birth_topic(self.plan):
            if message.payload == ONLINE.encode() and not message.is_retained:
                self._held_until_s = 0.0
        elif message.is_retained and message.payload:
            self._found.put(message.topic)

    def _greet(self) -> bool:
        """A new session: say everything again that the broker should keep, then that we are there."""
        is_return = self._session > 0
        self._session, self._session_at = self.connection.session, timezone.now()
        holds = is_return and bool(self.plan.discovery_prefix)
        self._held_until_s = time.monotonic() + BACK_WITHIN_S if holds else 0.0
        self._kept = Kept(self.plan)
        self._last_seen = LastSeen(self.plan)
        online = Outgoing(self.plan.topics.availability, ONLINE.encode(), is_retained=True)
        return self._refresh(online)

    def _tell_news(self) -> bool:
        """False when the broker has not taken everything yet."""
        is_held = time.monotonic() < self._held_until_s
        for news in self._ledger_row().news(not_before=self._session_at if is_held else None):
            messages = messages_about(news.event, news.told, news.known, self.plan, timezone.now())
            if not (self._deliver(messages, then=partial(self._told, news)) and self._refresh()):
                return False
        return True

    def _told(self, news: News) -> None:
        self._ledger_row().record(news)
        before = news.told.people if news.told else ()
        self._last_seen.renew({*before, *news.known.people})
        logger.info("event %s: told by MQTT, %s", news.event.pk, news.known.outcome)

    def _look_at_health(self) -> None:
        if time.monotonic() >= self._health_due_s:
            self._health_due_s = time.monotonic() + HEALTH_EVERY_S
            self._health = self._read_health().as_json()

    def _refresh(self, *more: Outgoing) -> bool:
        """Bring up to date what the broker keeps, then say `more`."""
        self._refreshed_s = time.monotonic()
        while not self._found.empty():
            self._kept.found.add(self._found.get())
        health = {self.plan.topics.health: self._health} if self._health else {}
        wanted = retained_now(self.plan, self._last_seen.times) | health
        return self._deliver([*self._kept.changes(wanted), *self._kept.picture_changes(last_picture()), *more])

    def _deliver(self, messages: Sequence[Outgoing], then: Callable[[], None] = lambda: None) -> bool:
        """False when the broker has not taken them within a few seconds: `look` waits for it from then on."""
        self._underway = Underway(self.connection.send(messages), then)
        return self._is_free(TAKEN_WITHIN_S)

    def _is_free(self, timeout_s: float = 0.0) -> bool:
        """Whether nothing is on its way any more; what was is recorded then."""
        if self._underway is None:
            return True
        if not self._underway.delivery.wait(timeout_s):
            return False
        underway, self._underway = self._underway, None
        underway.then()
        return True

    def _ledger_row(self) -> Ledger:
        """Read when it is first needed: the database may come later than we do."""
        if self._ledger is None:
            self._ledger = Ledger()
        return self._ledger
