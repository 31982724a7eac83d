"""One run of the doorbell, from the lock to the last process that ends."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from health.assessment import Assessment
from health.recovery import RecoveryJournal
from pipeline.camera_plans import add_first_camera, plan_for_source, plans_from_rows
from pipeline.config import OrchestratorConfig
from pipeline.configuration.files import hand_over
from pipeline.configured import current_config, use_config
from pipeline.manager.callbacks import SYSTEM_ERROR, Callbacks
from pipeline.manager.losses import Losses
from pipeline.manager.measured import MeasuredOrchestrator
from pipeline.manager.monitoring import Attendant, Repeating
from pipeline.manager.options import RunOptions, system_plan
from pipeline.manager.preparing import attend_the_door, prepare
from pipeline.manager.recovery import Recovery
from pipeline.manager.states import SystemState
from pipeline.manager.status import FILE, ManagerStatus, process_status, read_status, write_status
from pipeline.manager.telling import Owners
from pipeline.orchestrator import PartFailed
from pipeline.processes import CameraPlan
from pipeline.run_lock import AlreadyRunning, only_run, running_pid
from pipeline.supervisor import Child, ChildState
from pipeline.watchdog import Watchdog, task_limits
from pipeline.web_address import check_address

logger = logging.getLogger(__name__)

LOCK = "doorbell.lock"
BUSY = (SystemState.STARTING, SystemState.RUNNING, SystemState.STOPPING)


class Lifecycle:
    """`start` and `stop` may be called in any state and from any thread; they take turns."""

    def __init__(self, config: OrchestratorConfig, options: RunOptions, callbacks: Callbacks, *, is_own: bool) -> None:
        """is_own: the configuration is this program's, and is handed over to the processes."""
        self.config = config
        self.state = SystemState.INITIALIZING
        self.last_error: str | None = None
        self.running_since: float | None = None
        self.error_count = 0
        self._options = options
        self._callbacks = callbacks
        self._is_own = is_own
        self._attendant: Attendant | None = None
        self._stack = ExitStack()
        self._turn = threading.RLock()
        self._is_unwanted = threading.Event()
        self._told: set[str] = set()
        self._make({})

    def start(self) -> None:
        """Return when it runs. Raises DoorbellError, DatabaseError."""
        with self._turn:
            if self.state in BUSY:
                logger.warning("start: the doorbell is %s already", self.state.value)
                return
            self.stop()
            before, self.state = self.state, SystemState.STARTING
            self.last_error, self.error_count = None, 0
            self._is_unwanted.clear()
            try:
                self._launch()
            except BaseException as error:
                self._fail(error, before)
                raise
            self.state, self.running_since = SystemState.RUNNING, time.time()
            self._write_status()
            logger.info("the doorbell runs")

    def stop(self) -> None:
        """End what runs, gracefully; a start that is under way is broken off."""
        if self.state is SystemState.STARTING:
            self._is_unwanted.set()
            self.orchestrator.break_off()
        with self._turn:
            if self.state not in (SystemState.RUNNING, SystemState.ERROR):
                return
            self.state = SystemState.STOPPING
            try:
                self._stack.close()
            finally:
                self.state, self.running_since = SystemState.STOPPED, None

    @property
    def is_over(self) -> bool:
        """Stopped, or in an error that nothing here will mend."""
        if self.state is SystemState.ERROR:
            return self.running_since is None or not self.config.auto_recovery_enabled
        return self.state is not SystemState.RUNNING

    def kill(self) -> None:
        """End every process at once, also while `stop` waits."""
        self.orchestrator.kill()

    def status(self) -> ManagerStatus:
        """Of the doorbell of this folder: this one while it runs, else the one of another program, if there is one."""
        if self.state not in BUSY and self.running_since is None:
            pid = running_pid(Path(settings.RUN_DIR) / LOCK)
            if pid is not None:
                return read_status(Path(settings.RUN_DIR), pid)
        return self._own_status()

    def _own_status(self) -> ManagerStatus:
        findings = self._attendant.findings if self._attendant is not None else None
        return ManagerStatus(
            state=self.state,
            pid=os.getpid(),
            running_since=self.running_since,
            error_count=self.error_count + (findings.errors if findings else 0),
            warning_count=findings.warnings if findings else 0,
            last_error=self.last_error,
            restart_attempts=self.recovery.attempts,
            processes=tuple(map(process_status, self.orchestrator.children)),
        )

    def _launch(self) -> None:
        """Each part leaves its end on the stack; what fails takes down what came before."""
        stack, options = self._stack, self._options
        stack.enter_context(only_run(settings.RUN_DIR / LOCK))
        given = plan_for_source(options.source, loop=options.loop) if options.source else None
        if options.web is not None:
            check_address(options.web.host, options.web.port)
        environment = self._configure()
        prepare(options.say)
        options.set_up()
        self._make(environment)
        if self._is_unwanted.is_set():
            raise PartFailed("the doorbell was stopped before it had started")
        stack.callback(self._write_last_words)
        options.say("Starting …")
        stack.callback(options.say, "Stopped.")
        stack.callback(self.orchestrator.stop)
        stack.callback(options.say, "Stopping …")
        atexit.register(self.stop)
        stack.callback(atexit.unregister, self.stop)
        self.orchestrator.start()
        self._watch_cameras(given)
        self.orchestrator.wait_until_ready()
        attend_the_door(stack)
        self._attend()

    def _configure(self) -> dict[str, str]:
        """Have this process and its children go by the configuration; return what children need for it."""
        if not self._is_own:
            return {}
        self._stack.callback(use_config, current_config())
        use_config(self.config)
        return hand_over(self.config, settings.RUN_DIR)

    def _make(self, environment: dict[str, str]) -> None:
        options = self._options
        say_line = options.on_line
        self._told.clear()
        self.orchestrator = MeasuredOrchestrator(
            system_plan(self.config, options),
            config=self.config,
            status=self.status,
            on_change=self._changed,
            on_line=None if say_line is None else (lambda _child, line: say_line(line)),
            environment=environment | ({"DOORBELL_VERBOSE": "1"} if say_line is not None else {}),
        )
        self._journal, self._owners = RecoveryJournal(), Owners()
        self.recovery = Recovery(self.orchestrator, self.config, self._journal)
        self._losses = Losses(self.config.restart_cooldown_seconds)

    def _watch_cameras(self, given: CameraPlan | None) -> None:
        if not self.config.pipeline_config.frame_capture.enabled:
            return
        if given is None:
            add_first_camera()
        self.orchestrator.watch_cameras([given] if given else plans_from_rows())

    def _attend(self) -> None:
        self._watchdog = Watchdog(self.orchestrator, task_limits(self.config))
        follows_rows = self._options.source is None and self.config.pipeline_config.frame_capture.enabled
        self._attendant = Attendant(
            self.orchestrator,
            self.config,
            self._journal,
            self._owners,
            self._callbacks,
            health=self._health,
            follows_rows=follows_rows,
        )
        self._stack.callback((Path(settings.RUN_DIR) / FILE).unlink, missing_ok=True)
        for name, look in (("guard", self._guard), ("attendant", self._attendant.look)):
            thread = Repeating(name, look)
            thread.start()
            self._stack.callback(thread.stop)

    def _guard(self) -> None:
        """Once a second, without the database."""
        self._watchdog.look()
        self.recovery.look()
        self._judge()
        self._write_status()

    def _judge(self) -> None:
        """RUNNING or ERROR, as the processes are; who was given up is told."""
        if self.state not in (SystemState.RUNNING, SystemState.ERROR):
            return
        given_up = {child.name: child for child in self.recovery.given_up}
        turn = self._losses.look(given_up, self._journal.open_processes)
        for name in turn.given_up:
            self._gave_up(given_up[name], is_news=name in turn.lost)
        if turn.is_well and self.state is SystemState.ERROR:
            self.state = SystemState.RUNNING
            logger.info("recovery: the doorbell runs again")
        for name in turn.found:
            self._options.say(f"{name} works again.")
            self._owners.note(f"Well again: {name}", "It was given up, and works again.")

    def _gave_up(self, child: Child, *, is_news: bool) -> None:
        """The rest goes on: without a worker a press is still recorded, pictured and told."""
        self.state, self.last_error = SystemState.ERROR, self.orchestrator.why_failed(child)
        self.error_count += 1
        logger.error("%s", self.last_error)
        if is_news:
            if self.config.auto_recovery_enabled:
                calm = f"{self.config.restart_cooldown_seconds:g} s of calm"
                self._options.say(f"{child.name} is given up, and tried again after {calm}. The rest goes on.")
            self._owners.note(f"Trouble: {child.name} is given up", self.last_error)
        facts = {"error": self.last_error, "process": child.name, "attempts": self.config.max_restart_attempts}
        self._callbacks.call(SYSTEM_ERROR, {**facts, "timestamp": time.time()})

    def _changed(self, child: Child, old: ChildState, new: ChildState) -> None:
        """Keep the journal, and say the first trouble of each process; the log has every one."""
        logger.info("%s is %s", child.name, new.value)
        self.recovery.changed(child, old, new)
        say = self._options.say
        if new is ChildState.FINISHED:
            say(f"The recording of {child.name} has ended; the doorbell keeps running.")
        elif new is ChildState.WAITING and child.name not in self._told:
            self._told.add(child.name)
            reason = self.orchestrator.last_line(child).removeprefix("CommandError: ")
            say(f"{child.name} ended and is started again, as often as needed. {reason}")

    def _fail(self, error: BaseException, before: SystemState) -> None:
        """A start that was broken off is a stop, and one beside a running doorbell never was; all else is an error."""
        self._stack.close()
        if isinstance(error, AlreadyRunning):
            self.state = before
        elif self._is_unwanted.is_set() or not isinstance(error, Exception):
            self.state = SystemState.STOPPED
        else:
            self.state, self.last_error = SystemState.ERROR, str(error) or type(error).__name__
            self.error_count += 1

    def _health(self, assessment: Assessment) -> dict[str, Any]:
        status = self.status()
        return {
            "state": status.state.value,
            "uptime": status.uptime_s,
            "performance_score": assessment.score.value,
            "pipeline_status": self.orchestrator.get_pipeline_metrics(assessment.facts),
            "error_count": status.error_count,
            "warning_count": status.warning_count,
            "last_error": status.last_error,
        }

    def _write_last_words(self) -> None:
        """What nobody had the time to write while it ran."""
        try:
            self._journal.write()
            self._owners.write()
        except DatabaseError as error:
            logger.warning("the last troubles cannot be written: %s", error)
        finally:
            if not connection.in_atomic_block:
                close_old_connections()

    def _write_status(self) -> None:
        with suppress(OSError):  # a full disk; whoever asks from outside sees an older one
            write_status(self._own_status(), Path(settings.RUN_DIR))
