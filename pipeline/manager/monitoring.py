"""Two threads beside a running doorbell: one that watches over the processes, one that may wait for the database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, close_old_connections, connection

from health.assessment import Assessment, assess
from health.findings import Finding, Level
from health.recovery import RecoveryJournal, close_interrupted
from health.score import WARN_BELOW
from pipeline.camera_plans import plans_from_rows
from pipeline.config import OrchestratorConfig
from pipeline.manager.callbacks import HEALTH_UPDATE, PERFORMANCE_WARNING, SYSTEM_ERROR, Callbacks
from pipeline.manager.telling import Owners
from pipeline.orchestrator import PipelineOrchestrator

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
CAMERAS_EVERY_S = 5.0
END_WITHIN_S = 2.0


class Repeating:
    """Call `look` again and again in a thread, until `stop`; what it raises is logged."""

    def __init__(self, name: str, look: Callable[[], None], every_s: float = LOOK_EVERY_S) -> None:
        self._look = look
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A look that waits for the database ends by itself."""
        self._stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=END_WITHIN_S)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._every_s):
                try:
                    self._look()
                except Exception:
                    logger.exception("%s failed; it goes on in %g s", self._thread.name, self._every_s)
        finally:
            connection.close()


class Interval:
    """Something that is due every so many seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._since_s = time.monotonic()

    def is_due(self) -> bool:
        """True once an interval."""
        if time.monotonic() - self._since_s < self._every_s:
            return False
        self._since_s = time.monotonic()
        return True


class Findings:
    """What the checks found, compared with what they found before."""

    def __init__(self) -> None:
        self.errors = 0
        self.warnings = 0
        self._known: dict[str, Finding] = {}

    def new(self, assessment: Assessment) -> tuple[list[Finding], list[Finding]]:
        """What came up since the last time, and what is over."""
        troubles = {each.check: each for each in reversed(assessment.findings) if each.level is not Level.OK}
        came = [each for each in troubles.values() if not self._is_known(each)]
        over = [each for check, each in self._known.items() if check not in troubles]
        self.errors += sum(each.level is Level.ERROR for each in came)
        self.warnings += sum(each.level is Level.WARNING for each in came)
        self._known = troubles
        return came, over

    def _is_known(self, finding: Finding) -> bool:
        known = self._known.get(finding.check)
        return known is not None and known.level.severity >= finding.level.severity


class Attendant:
    """Follows the cameras' rows, writes the journal, and measures health every `health_check_interval`."""

    def __init__(
        self,
        orchestrator: PipelineOrchestrator,
        config: OrchestratorConfig,
        journal: RecoveryJournal,
        owners: Owners,
        callbacks: Callbacks,
        *,
        health: Callable[[Assessment], dict[str, Any]],
        follows_rows: bool,
    ) -> None:
        self.findings = Findings()
        self._owners = owners
        self._orchestrator = orchestrator
        self._config = config
        self._journal = journal
        self._callbacks = callbacks
        self._health = health
        self._follows_rows = follows_rows
        self._cameras = Interval(CAMERAS_EVERY_S)
        self._measuring = Interval(config.health_check_interval)
        self._is_first = True

    def look(self) -> None:
        try:
            if self._is_first:
                close_interrupted()
                self._is_first = False
            self._journal.write()
            self._owners.write()
            if self._follows_rows and self._cameras.is_due():
                self._orchestrator.watch_cameras(plans_from_rows())
        except DatabaseError as error:
            logger.warning("the doorbell's rows cannot be read or written now: %s", error)
        finally:
            close_old_connections()
        if self._measuring.is_due():
            self.measure()

    def measure(self) -> None:
        """Tell health, what is newly wrong, and what slows the doorbell down."""
        assessment = assess(self._config)
        came, over = self.findings.new(assessment)
        self._owners.hear(assessment)
        for finding in came:
            logger.warning("%s: %s %s", finding.check, finding.text, finding.remedy)
            if finding.level is Level.ERROR:
                self._callbacks.call(SYSTEM_ERROR, _error(finding))
        for finding in over:
            logger.info("%s: over, after: %s", finding.check, finding.text)
        told = {"checks": [each.as_dict() for each in assessment.findings], "over": [each.check for each in over]}
        self._callbacks.call(HEALTH_UPDATE, {**self._health(assessment), **told, "timestamp": time.time()})
        if assessment.score.value < WARN_BELOW:
            self._callbacks.call(PERFORMANCE_WARNING, _warning(assessment))


def _error(finding: Finding) -> dict[str, Any]:
    return {"error": finding.text, "check": finding.check, "remedy": finding.remedy, "timestamp": time.time()}


def _warning(assessment: Assessment) -> dict[str, Any]:
    return {
        "score": assessment.score.value,
        "why": assessment.warning,
        "part": assessment.score.weakest,
        "parts": dict(assessment.score.parts),
        "timestamp": time.time(),
    }
