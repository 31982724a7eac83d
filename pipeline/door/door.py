"""Light and chime follow the visits, in a thread of their own: nothing waits for them."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import redis
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from events.broadcast import DECIDED, PRESSED, listen
from events.models import Event, Outcome, Trigger
from pipeline.door.asking import SHOW, TELL, read_wish, tell_pattern
from pipeline.door.lights import VisitLights
from pipeline.hardware.chime import Chime
from pipeline.hardware.status_light import StatusLight

logger = logging.getLogger(__name__)

POLL_S = 1.0
REMEMBERED = 1000
STILL_RINGING = timedelta(seconds=10)  # an older press is no reason to sound


class Door:
    """Shows and sounds what happens, until `close`, which also closes light and chimes.

    Presses are heard by broadcast, and within a second from the rows when there was none.
    """

    def __init__(
        self, light: StatusLight | None, chimes: Sequence[Chime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._light = light
        self._chimes = chimes
        self._clock = clock
        self._lights = VisitLights()
        self._since = timezone.now()
        self._heard: set[int] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=3 * POLL_S)
        for chime in self._chimes:
            chime.close()
        if self._light is not None:
            self._light.close()

    def hear(self, word: tuple[str, dict[str, Any]] | None) -> None:
        """One broadcast, or None for a second without any. Raises DatabaseError."""
        self._lights.is_in_trouble = False
        if word is None:
            self.look()
        elif word[0] == PRESSED:
            self._pressed(word[1]["event"])
        elif word[0] == DECIDED:
            self._lights.decided(word[1]["event"], word[1]["outcome"], self._clock())
        elif word[0] == SHOW and (wish := read_wish(word[1])) is not None:
            self._lights.asked(wish.pattern, self._clock() + wish.seconds)
        elif word[0] == TELL and self._light is not None:
            tell_pattern(word[1], self._light.pattern)
        self._show()

    def look(self) -> None:
        """Find in the rows what no broadcast told. Raises DatabaseError."""
        since = max(self._since, timezone.now() - STILL_RINGING)
        presses = Event.objects.filter(trigger=Trigger.PRESS, started_at__gt=since)
        for pk in presses.order_by("pk").values_list("pk", flat=True):
            self._pressed(pk)
        if waiting := self._lights.undecided():
            decided = Event.objects.filter(pk__in=waiting).exclude(outcome=Outcome.PENDING)
            for pk, outcome in decided.values_list("pk", "outcome"):
                self._lights.decided(pk, outcome, self._clock())

    def _pressed(self, event_id: int) -> None:
        if event_id in self._heard:
            return  # by broadcast before, and now by its row
        self._heard = {pk for pk in self._heard if pk > event_id - REMEMBERED} | {event_id}
        self._lights.pressed(event_id, self._clock())
        self._show()
        for chime in self._chimes:
            chime.sound()

    def _show(self) -> None:
        if self._light is not None:
            self._light.show(self._lights.pattern(self._clock()))

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._follow()
        finally:
            connection.close()

    def _follow(self) -> None:
        try:
            # Without a light it does not listen for wishes: whoever has one is told that nobody heard it.
            for word in listen(PRESSED, DECIDED, *((SHOW, TELL) if self._light else ()), poll_s=POLL_S):
                if self._stopping.is_set():
                    return
                self.hear(word)
        except (redis.RedisError, DatabaseError) as error:
            if not self._lights.is_in_trouble:
                logger.warning("light and chime hear of no visits: %s", error)
            self._lights.is_in_trouble = True
            close_old_connections()
            self._stopping.wait(POLL_S)
            self._look_in_trouble()

    def _look_in_trouble(self) -> None:
        """Without broadcasts the rows still tell of presses; without a database nothing does."""
        try:
            self.look()
        except DatabaseError as error:
            logger.debug("presses cannot be looked up: %s", error)
        self._show()
