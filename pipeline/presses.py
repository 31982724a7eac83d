"""Hear the presses of one camera: at once by broadcast, and within a second from the rows when the
broker is away or a broadcast came before this process listened."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import redis
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from events.broadcast import PRESSED, listen
from events.models import Camera, Event, Trigger

logger = logging.getLogger(__name__)

STILL_AT_THE_DOOR = timedelta(seconds=10)  # an older press is the sweeper's: the visitor's face is gone
POLL_S = 1.0


class PressListener:
    """Calls `on_press(event)` once for each press, from a thread of its own."""

    def __init__(self, camera: Camera, on_press: Callable[[Event], None]) -> None:
        self._camera = camera
        self._on_press = on_press
        self._heard: set[int] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presses", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=3 * POLL_S)

    def look(self) -> None:
        """Find presses in the rows; the safety net under the broadcasts."""
        waiting = Event.objects.filter(
            camera=self._camera,
            trigger=Trigger.PRESS,
            closed_at=None,
            started_at__gt=timezone.now() - STILL_AT_THE_DOOR,
        )
        for event in waiting.order_by("started_at"):
            self._hear(event)

    def _hear(self, event: Event) -> None:
        if event.pk not in self._heard:
            self._heard.add(event.pk)
            self._on_press(event)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                try:
                    self._follow()
                except redis.RedisError as error:
                    logger.warning("presses are looked up every second, the broker is away: %s", error)
                    self._look_without_broker()
                except DatabaseError as error:
                    logger.warning("presses cannot be read: %s", error)
                    close_old_connections()
                    self._stop.wait(POLL_S)
        finally:
            connection.close()

    def _follow(self) -> None:
        for word in listen(PRESSED, poll_s=POLL_S):
            if self._stop.is_set():
                return
            if word is None:
                self.look()
            elif word[1].get("camera") == self._camera.pk:
                # Reading the row takes a millisecond, and would tell nothing that a capture is made of.
                self._hear(Event(pk=word[1]["event"], camera=self._camera, trigger=Trigger.PRESS))

    def _look_without_broker(self) -> None:
        self._stop.wait(POLL_S)
        self.look()
