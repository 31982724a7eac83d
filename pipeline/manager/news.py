"""Presses and decisions of every process, told to callbacks of this one."""

import logging
import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

import redis
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from events.broadcast import DECIDED, PRESSED, listen
from events.browsing import events_to_show
from events.models import Event, Outcome, Trigger
from events.people import people_at
from pipeline.manager.callbacks import DOORBELL_PRESSED, VISITOR_DECIDED, Callbacks

logger = logging.getLogger(__name__)

POLL_S = 1.0
REMEMBERED = 2000
LOOK_BACK = timedelta(minutes=5)  # a decision that no broadcast told comes within it


class News:
    """Heard by broadcast, and within a second from the rows when there was none; each is told once."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._told: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._since = timezone.now()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Harmless when it listens already."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return
            self._stop = threading.Event()
            self._since = timezone.now()
            self._thread = threading.Thread(target=self._run, args=(self._stop,), name="news", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        with self._lock:
            thread, self._thread = self._thread, None
            self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=3 * POLL_S)

    def look(self) -> None:
        """Find in the rows what no broadcast told. Raises DatabaseError."""
        since = self._since
        for event in Event.objects.filter(trigger=Trigger.PRESS, started_at__gte=since).order_by("pk")[:REMEMBERED]:
            self._tell_press(event)
        decided = Event.objects.filter(decided_at__gte=since).exclude(outcome=Outcome.PENDING)
        for pk in decided.order_by("decided_at").values_list("pk", flat=True)[:REMEMBERED]:
            self._tell_decision(pk)
        self._since = max(since, timezone.now() - LOOK_BACK)

    def _run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                try:
                    self._follow(stop)
                except redis.RedisError:
                    self._look_without_broker(stop)
                except DatabaseError as error:
                    logger.debug("visits cannot be read: %s", error)
                    close_old_connections()
                    stop.wait(POLL_S)
        finally:
            connection.close()

    def _follow(self, stop: threading.Event) -> None:
        for word in listen(PRESSED, DECIDED, poll_s=POLL_S):
            if stop.is_set():
                return
            if word is None:
                self.look()
            elif word[0] == PRESSED:
                for event in Event.objects.filter(pk=word[1]["event"]):
                    self._tell_press(event)
            else:
                self._tell_decision(word[1]["event"])

    def _look_without_broker(self, stop: threading.Event) -> None:
        stop.wait(POLL_S)
        try:
            self.look()
        except DatabaseError as error:
            logger.debug("visits cannot be read: %s", error)
            close_old_connections()

    def _tell_press(self, event: Event) -> None:
        if self._is_new(DOORBELL_PRESSED, event.pk):
            self._callbacks.call(DOORBELL_PRESSED, press_facts(event))

    def _tell_decision(self, pk: int) -> None:
        if self._is_new(VISITOR_DECIDED, pk):
            for event in events_to_show().filter(pk=pk):
                self._callbacks.call(VISITOR_DECIDED, decision_facts(event))

    def _is_new(self, name: str, pk: int) -> bool:
        if (name, pk) in self._told:
            return False
        self._told[name, pk] = None
        if len(self._told) > REMEMBERED * 2:
            self._told.popitem(last=False)
        return True


def press_facts(event: Event) -> dict[str, Any]:
    return {"event_id": event.pk, "timestamp": _seconds(event.started_at), "camera_id": event.camera_id}


def decision_facts(event: Event) -> dict[str, Any]:
    """names: of the people who were recognized. decided_ms: from the press, or the first motion."""
    return {
        "event_id": event.pk,
        "trigger": event.trigger,
        "outcome": event.outcome,
        "names": [person.name for person in people_at(event)],
        "decided_ms": event.decided_ms,
        "timestamp": _seconds(event.decided_at or event.started_at),
    }


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
