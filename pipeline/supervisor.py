"""One child process: start, watch, restart with back-off, stop."""

import contextlib
import logging
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from pipeline.process_group import exit_text, kill_group, open_group
from pipeline.restarts import Restarts

logger = logging.getLogger(__name__)


class ChildState(Enum):
    """Where a child stands. STOPPED, FINISHED and FAILED last until the next `start()`."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"  # it ended; the next start comes after a pause
    STOPPING = "stopping"
    FINISHED = "finished"  # it ended by itself with 0, and was not to be restarted then
    FAILED = "failed"  # it ended too often, and was given up


CANNOT_START = 127  # as shells say it
OVER = frozenset({ChildState.STOPPED, ChildState.FINISHED, ChildState.FAILED})


class Restart(Enum):
    """Which ends of a child are answered by a new start."""

    ALWAYS = "always"
    ON_FAILURE = "on failure"


@dataclass(frozen=True, slots=True)
class BackOff:
    """Pauses between starts, and how many starts within `window_s` are too many.

    A child that ran for `window_s` without another end starts from the first pause again.
    """

    first_s: float = 0.5
    longest_s: float = 10.0
    max_restarts: int | None = 3
    window_s: float = 60.0

    def pause_s(self, restarts_in_window: int) -> float:
        """Doubling; `restarts_in_window` counts from 1."""
        return float(min(self.longest_s, self.first_s * 2.0 ** min(restarts_in_window - 1, 30)))


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run. `environment` is added to the supervisor's own. queue: what its heartbeat names, if it has one."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    restart: Restart = Restart.ALWAYS
    back_off: BackOff = BackOff()
    stop_within_s: float = 5.0
    queue: str = ""


class Child:
    """A supervised process. Every method may be called from any thread.

    `on_change(child, old, new)` is called with no lock held, `on_line(child, line)` in a thread of the
    child; what they raise is logged. The process leads a session of its own, so a Ctrl-C at the terminal
    reaches the supervisor alone; when it has ended, whatever it started is killed.
    """

    def __init__(
        self,
        spec: ChildSpec,
        *,
        on_change: "Callable[[Child, ChildState, ChildState], None] | None" = None,
        on_line: "Callable[[Child, str], None] | None" = None,
    ) -> None:
        self.spec = spec
        self.exit_code: int | None = None  # of the last process; negative: the signal that ended it
        self.started_at: float | None = None  # time.time() of the last process
        self._on_change = on_change
        self._on_line = on_line or _log_line
        self._changed = threading.Condition(threading.RLock())
        self._state = ChildState.STOPPED
        self._is_unwanted = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._restarts = Restarts(spec.back_off.max_restarts, spec.back_off.window_s)
        self._killed_because = ""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def state(self) -> ChildState:
        return self._state

    @property
    def pid(self) -> int | None:
        process = self._process
        return None if process is None else process.pid

    @property
    def restarts(self) -> int:
        """Since `start()`."""
        return self._restarts.total

    @property
    def recent_restarts(self) -> int:
        """Within the window of its back-off."""
        with self._changed:
            return self._restarts.recent

    @property
    def why_ended(self) -> str:
        """How the last process ended, or why it was killed."""
        ended = "could not be started" if self.exit_code is None else f"ended with {exit_text(self.exit_code)}"
        return self._killed_because or ended

    def forgive(self) -> None:
        """Count restarts anew."""
        with self._changed:
            self._restarts.forgive()

    def start(self) -> None:
        """Start watching over the process; harmless when that happens already."""
        with self._changed:
            old = self._state
            if old not in OVER:
                return
            self._restarts.begin_anew()
            self._is_unwanted.clear()
            self._state = ChildState.STARTING
        self._tell(old, ChildState.STARTING)
        # Linux ends a child with the *thread* that started it: this one outlives every process it starts.
        threading.Thread(target=self._keep_running, name=f"child {self.name}", daemon=True).start()

    def request_stop(self) -> None:
        """Ask the process to end and start no other; returns at once."""
        with self._changed:
            old = self._state
            if old in OVER or old is ChildState.STOPPING:
                return
            self._is_unwanted.set()
            self._state = ChildState.STOPPING
            if self._process is not None:
                self._process.terminate()  # it alone: how it ends its own children is its business
        self._tell(old, ChildState.STOPPING)

    def stop(self, within_s: float | None = None) -> None:
        """End the process: SIGTERM, and SIGKILL when `within_s` (default: the spec's) has passed."""
        self.request_stop()
        if not self.wait_until_over(self.spec.stop_within_s if within_s is None else within_s):
            logger.warning("%s did not stop in time and is killed", self.name)
            self.kill()
            self.wait_until_over(2.0)

    def kill(self, because: str = "") -> None:
        """End the group at once; without a stop asked for, that is a failure. because: stands in `why_ended` then."""
        with self._changed:
            if self._process is not None:
                self._killed_because = because
                kill_group(self._process.pid)

    def wait_until_over(self, timeout_s: float) -> bool:
        """Whether it is stopped, finished or failed within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._state in OVER, timeout_s)

    def _keep_running(self) -> None:
        while not self._is_unwanted.is_set():
            code = self._run_once()
            if self._is_unwanted.is_set():
                break
            if code == 0 and self.spec.restart is Restart.ON_FAILURE:
                return self._enter(ChildState.FINISHED)
            pause_s = self._next_pause_s()
            if pause_s is None:
                logger.error("%s ended with %s and is given up", self.name, exit_text(code))
                return self._enter(ChildState.FAILED)
            logger.warning("%s ended with %s; next start in %.1f s", self.name, exit_text(code), pause_s)
            self._enter(ChildState.WAITING)
            self._is_unwanted.wait(pause_s)
        return self._enter(ChildState.STOPPED)

    def _next_pause_s(self) -> float | None:
        """Count a restart; None when there were too many."""
        with self._changed:
            recent = self._restarts.add()
        return None if recent is None else self.spec.back_off.pause_s(recent)

    def _run_once(self) -> int:
        """Run the process to its end and return its exit code."""
        process = self._spawn()
        if process is None:
            return CANNOT_START
        self._enter(ChildState.RUNNING)
        pump = threading.Thread(target=self._pump, args=(process,), name=f"output of {self.name}", daemon=True)
        pump.start()
        code = process.wait()
        with self._changed:
            self._process = None
            self.exit_code = code
        kill_group(process.pid)  # what it left behind
        pump.join(timeout=2.0)
        return code

    def _spawn(self) -> "subprocess.Popen[str] | None":
        """Start the process; None when a stop came first, or the system refused."""
        with self._changed:
            if self._is_unwanted.is_set():
                return None
            try:
                self._process = open_group(self.spec.command, self.spec.environment, self.spec.folder)
            except OSError as error:
                logger.error("%s cannot be started: %s", self.name, error)
                return None
            self.started_at = time.time()
            self._killed_because = ""
            return self._process

    def _pump(self, process: "subprocess.Popen[str]") -> None:
        with process.stdout or contextlib.nullcontext(()) as lines:
            for line in lines:
                if text := line.rstrip():
                    self._call(self._on_line, self, text)

    def _enter(self, new: ChildState) -> None:
        """Take the next state; once a stop was asked for, only an end can follow."""
        with self._changed:
            old = self._state
            if old is ChildState.STOPPING and new not in OVER:
                return
            self._state = new
            self._changed.notify_all()
        self._tell(old, new)

    def _tell(self, old: ChildState, new: ChildState) -> None:
        if new is not old and self._on_change is not None:
            self._call(self._on_change, self, old, new)

    def _call(self, hook: Callable[..., None], *words: object) -> None:
        try:
            hook(*words)
        except Exception:
            logger.exception("a listener of %s failed", self.name)


def _log_line(child: Child, line: str) -> None:
    logger.info("%s: %s", child.name, line)
