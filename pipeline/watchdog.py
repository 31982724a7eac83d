"""Processes that run but do nothing: silent ones, and those that hang in a task. They are killed, and so restarted."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis
from django.conf import settings

from pipeline.config import OrchestratorConfig
from pipeline.heartbeat import INTERVAL_S, Beat, beats_by_pid
from pipeline.orchestrator import PipelineOrchestrator, serves
from pipeline.supervisor import Child, ChildState

logger = logging.getLogger(__name__)

START_S = 60.0  # until a process must have spoken first
SILENT_S = 3 * INTERVAL_S  # after its last word has run out, or since the broker is back
BROKER_SILENT_S = 20.0
WEB_SILENT_S = 30.0
WEB_EVERY_S = 10.0
EVENTS_LIMIT_S = 120.0  # a database that is locked is waited for 20 s a query
PAUSED_S = 5.0  # between two looks or within one: the machine slept, or had no time for us


def task_limits(config: OrchestratorConfig) -> dict[str, float]:
    """By queue: the seconds that one task may take."""
    pipeline = config.pipeline_config
    return {
        "detection": pipeline.face_detection.job_timeout,
        "recognition": pipeline.face_recognition.job_timeout,
        "events": EVENTS_LIMIT_S,
        "notifications": settings.NOTIFY_LEASE_S,
    }


@dataclass(slots=True)
class Sighting:
    """heard_s: when it last gave no reason for doubt."""

    pid: int
    heard_s: float
    has_spoken: bool = False


class Watchdog:
    """Look about once a second; the one that looks is a single thread."""

    def __init__(
        self,
        orchestrator: PipelineOrchestrator,
        limits: Mapping[str, float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._orchestrator = orchestrator
        self._limits = limits
        self._clock = clock
        self._seen: dict[str, Sighting] = {}
        self._looked_s = clock()
        self._web_looked_s = clock()

    def look(self) -> None:
        """Kill what is silent or hangs."""
        now_s = self._notice_pause()
        try:
            said = beats_by_pid()
        except redis.RedisError:
            self._broker_is_away(now_s)
        else:
            self._broker_answers(said, now_s)
        self._look_at_web(now_s)
        self._notice_pause()

    def _notice_pause(self) -> float:
        """Trust everybody anew after one; returns the time.

        A look waits 2 s for a silent broker and 2 s for a silent web server, and the recoveries wait 2 s more for that
        broker before the next look: in one sum all of that would be a pause, look after look, and nobody ever killed.
        """
        now_s = self._clock()
        if now_s - self._looked_s > PAUSED_S:
            self._trust_all(now_s)
        self._looked_s = now_s
        return now_s

    def _broker_answers(self, said: Mapping[int, Beat], now_s: float) -> None:
        if self._orchestrator.broker is not None:
            self._hear(self._orchestrator.broker.child, now_s)
        for child in self._speaking():
            beat = said.get(child.pid or 0)
            if beat is None:
                self._doubt(child, now_s, SILENT_S, "gave no sign of life")
                continue
            self._hear(child, now_s)
            self._look_at_task(child, beat)

    def _broker_is_away(self, now_s: float) -> None:
        """Nobody can speak, so nobody else is to blame."""
        for child in self._speaking():
            if (sighting := self._seen.get(child.name)) is not None:
                sighting.heard_s = now_s
        if self._orchestrator.broker is not None:
            self._doubt(self._orchestrator.broker.child, now_s, BROKER_SILENT_S, "did not answer")

    def _speaking(self) -> list[Child]:
        orchestrator = self._orchestrator
        return [child for child in [*orchestrator.workers, *orchestrator.cameras.values()] if child.spec.queue]

    def _look_at_task(self, child: Child, beat: Beat) -> None:
        limit_s = self._limits.get(child.spec.queue)
        if limit_s is not None and beat.busy_s is not None and beat.busy_s > limit_s:
            _end(child, f"hung in {beat.task} for {beat.busy_s:.0f} s; {limit_s:g} s is the limit")

    def _look_at_web(self, now_s: float) -> None:
        web, plan = self._orchestrator.web, self._orchestrator.plan.web
        if web is None or plan is None or now_s - self._web_looked_s < WEB_EVERY_S:
            return
        self._web_looked_s = now_s
        if serves(plan):
            self._hear(web, now_s)
        else:
            self._doubt(web, now_s, WEB_SILENT_S, "did not answer")

    def _hear(self, child: Child, now_s: float) -> None:
        if child.pid is not None:
            self._seen[child.name] = Sighting(child.pid, now_s, has_spoken=True)

    def _doubt(self, child: Child, now_s: float, limit_s: float, what: str) -> None:
        pid = child.pid
        if child.state is not ChildState.RUNNING or pid is None:
            return
        sighting = self._seen.get(child.name)
        if sighting is None or sighting.pid != pid:
            sighting = self._seen[child.name] = Sighting(pid, now_s)
        if not sighting.has_spoken:
            limit_s = max(limit_s, START_S)
        silent_s = now_s - sighting.heard_s
        if silent_s > limit_s:
            _end(child, f"{what} for {silent_s:.0f} s")
            del self._seen[child.name]

    def _trust_all(self, now_s: float) -> None:
        for sighting in self._seen.values():
            sighting.heard_s = now_s
        self._web_looked_s = now_s


def _end(child: Child, why: str) -> None:
    logger.warning("%s %s, and is killed", child.name, why)
    child.kill(why)
