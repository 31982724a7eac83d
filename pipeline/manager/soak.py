"""Ring many times while processes are killed, and count what came of every press."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import redis
from django.db import DatabaseError, close_old_connections

from events import measurements
from events.models import Event, Outcome, Trigger
from pipeline.manager.measured import MeasuredOrchestrator
from pipeline.ring import ring
from pipeline.supervisor import ChildState

logger = logging.getLogger(__name__)

PAUSE_S = (0.05, 0.4)  # between two presses
KILL_EVERY_S = (2.0, 8.0)
WAITING_AT_MOST = 6  # presses without a decision: people who wait do not ring on
HOLD_UP_S = 3.0  # for so long; then somebody rings all the same
SETTLE_S = 180.0
LOOK_S = 0.1

CONFIG = {
    "max_restart_attempts": 100,
    "restart_cooldown_seconds": 10.0,
    "pipeline_config": {
        "frame_capture": {"debounce_time": 0, "burst_count": 3},
        "motion_detection": {"enabled": False},
        "face_detection": {"worker_count": 2, "model": "hog"},
        "face_recognition": {"worker_count": 1},
    },
}


@dataclass(frozen=True, slots=True)
class SoakResult:
    """lost: presses without a decision. duplicated: visits that nobody rang for, and visits settled twice. p50_ms,
    p95_ms: from press to decision."""

    presses: int
    decided: int
    lost: int
    duplicated: int
    restarts: int
    p50_ms: float | None
    p95_ms: float | None

    @property
    def is_clean(self) -> bool:
        return self.lost == 0 and self.duplicated == 0


@dataclass
class Soak:
    """A running doorbell of its own, at whose door nobody else rings. check: raises what ends the soak."""

    orchestrator: MeasuredOrchestrator
    random: Random
    check: Callable[[], None]
    pressed: list[int] = field(default_factory=list)
    kills: int = 0
    _next_kill_s: float = 0.0

    def run(self, presses: int) -> SoakResult:
        self._plan_kill()
        while len(self.pressed) < presses:
            self._wait_while(lambda: self._undecided() > WAITING_AT_MOST, HOLD_UP_S)
            self._ring()
            self._pause(self.random.uniform(*PAUSE_S))
        self._wait_while(lambda: self._unsettled() > 0, SETTLE_S)
        return self._result()

    def _ring(self) -> None:
        """A press that the database refuses is none; whoever rang would ring again."""
        try:
            self.pressed.append(ring(pressed_by="soak").event.pk)
        except DatabaseError as error:
            logger.warning("a press could not be recorded: %s", error)
            close_old_connections()

    def _pause(self, seconds: float) -> None:
        time.sleep(seconds)
        self.check()
        if time.monotonic() >= self._next_kill_s:
            self._kill()
            self._plan_kill()

    def _wait_while(self, is_so: Callable[[], bool], limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline and is_so():
            time.sleep(LOOK_S)
            self.check()

    def _plan_kill(self) -> None:
        self._next_kill_s = time.monotonic() + self.random.uniform(*KILL_EVERY_S)

    def _kill(self) -> None:
        """As the system does when it is out of memory: without a word to the supervisor."""
        running = [child for child in self.orchestrator.children if child.state is ChildState.RUNNING]
        child = self.random.choice(running) if running else None
        if child is not None and child.pid is not None:
            logger.info("soak: %s is killed", child.name)
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
                self.kills += 1

    def _undecided(self) -> int:
        return Event.objects.filter(pk__in=self.pressed[-100:], decided_at=None).count()

    def _unsettled(self) -> int:
        events = Event.objects.filter(trigger=Trigger.PRESS)
        return events.filter(settled_at=None).exclude(outcome=Outcome.NO_PICTURE).count()

    def _result(self) -> SoakResult:
        events = list(Event.objects.filter(trigger=Trigger.PRESS).only("started_at", "decided_at", "settled_at"))
        decided = [event for event in events if event.decided_at is not None and event.pk in set(self.pressed)]
        durations = [float(event.decided_ms) for event in decided if event.decided_ms is not None]
        return SoakResult(
            presses=len(self.pressed),
            decided=len(decided),
            lost=len(self.pressed) - len(decided),
            duplicated=len(events) - len(set(self.pressed)) + self._settled_twice(events),
            restarts=sum(child.restarts for child in self.orchestrator.children),
            p50_ms=measurements.percentile(durations, 0.5),
            p95_ms=measurements.percentile(durations, 0.95),
        )

    def _settled_twice(self, events: list[Event]) -> int:
        """The doorbell counts every settled visit in Redis; a kill of Redis may cost it a second's counts."""
        try:
            counted = sum(measurements.visits().values())
        except redis.RedisError:
            return 0
        return max(0, counted - len(events))
