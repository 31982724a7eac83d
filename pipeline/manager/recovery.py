"""What is done about processes that end: who is brought back, who is given up, and when that is tried anew."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import redis

from health.models import RecoveryResult
from health.recovery import RecoveryJournal
from pipeline.config import OrchestratorConfig
from pipeline.heartbeat import beats_by_pid
from pipeline.orchestrator import PipelineOrchestrator
from pipeline.supervisor import Child, ChildState

logger = logging.getLogger(__name__)

STEADY_S = 3.0  # a process without a heartbeat is back when it has run for so long


class Recovery:
    """`changed` is told by the processes' own threads; `look` belongs to one thread, about once a second.

    The restarts themselves are the supervisor's; this keeps the journal, and starts what was given up anew when nothing
    has ended for `restart_cooldown_seconds`.
    """

    def __init__(
        self,
        orchestrator: PipelineOrchestrator,
        config: OrchestratorConfig,
        journal: RecoveryJournal,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._orchestrator = orchestrator
        self._config = config
        self._journal = journal
        self._clock = clock
        self._ended_s = clock()

    def changed(self, child: Child, old: ChildState, new: ChildState) -> None:
        """A hook of supervisor.Child."""
        if new is ChildState.WAITING:
            self._ended_s = self._clock()
            self._journal.began(child.name, self._cause(child), child.recent_restarts)
        elif new is ChildState.FAILED:
            self._ended_s = self._clock()
            self._journal.began(child.name, self._cause(child), child.recent_restarts + 1)
            self._journal.ended(child.name, RecoveryResult.GIVEN_UP, self._why_given_up())
        elif new in (ChildState.STOPPED, ChildState.FINISHED):
            self._journal.ended(child.name, RecoveryResult.FAILED, "it was stopped meanwhile")

    def look(self) -> None:
        """Note who is back; try what was given up again when it is time."""
        self._note_recovered()
        if self.given_up and self._config.auto_recovery_enabled and self._is_calm():
            logger.warning("%s of calm: the restarts are counted anew", f"{self._cooldown_s:g} s")
            self.start_anew()

    @property
    def given_up(self) -> list[Child]:
        return [child for child in self._orchestrator.children if child.state is ChildState.FAILED]

    @property
    def attempts(self) -> int:
        """The most restarts of one process within the cooldown, cameras aside."""
        limited = [child for child in self._orchestrator.children if child.spec.back_off.max_restarts is not None]
        return max((child.recent_restarts for child in limited), default=0)

    def start_anew(self) -> None:
        """Forget the restarts so far, and start what was given up."""
        for child in self._orchestrator.children:
            child.forgive()
        given_up = self.given_up
        for child in given_up:
            self._journal.began(child.name, "it was given up, and is tried again", 1)
        self._orchestrator.start_again(given_up)

    def _note_recovered(self) -> None:
        open_processes = set(self._journal.open_processes)
        if not open_processes:
            return
        try:
            alive = set(beats_by_pid())
        except redis.RedisError:
            alive = set()
        for child in self._orchestrator.children:
            if child.name in open_processes and self._is_back(child, alive):
                attempt = self._journal.ended(child.name, RecoveryResult.RECOVERED)
                if attempt is not None:
                    logger.info("recovery: %s: %s", child.name, attempt.detail)

    def _is_back(self, child: Child, alive: set[int]) -> bool:
        if child.state is not ChildState.RUNNING or child.pid is None:
            return False
        if child.spec.queue:
            return child.pid in alive
        return child.started_at is not None and time.time() - child.started_at >= STEADY_S

    def _is_calm(self) -> bool:
        return self._clock() - self._ended_s >= self._cooldown_s

    @property
    def _cooldown_s(self) -> float:
        return self._config.restart_cooldown_seconds

    def _cause(self, child: Child) -> str:
        """With its last words, unless somebody killed it."""
        last = self._orchestrator.last_line(child) if child.exit_code is not None and child.exit_code > 0 else ""
        return child.why_ended + (f": {last}" if last else "")

    def _why_given_up(self) -> str:
        if not self._config.auto_recovery_enabled:
            return "auto_recovery_enabled is false"
        return f"more than {self._config.max_restart_attempts} restarts within {self._cooldown_s:g} s"
