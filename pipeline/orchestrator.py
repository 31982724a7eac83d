"""The stages as supervised processes."""

import http.client
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import redis
from django.conf import settings

from pipeline import processes
from pipeline.broker import BrokerError, PrivateBroker, answers
from pipeline.errors import DoorbellError
from pipeline.heartbeat import beats_by_pid
from pipeline.process_group import exit_text
from pipeline.processes import CameraPlan
from pipeline.supervisor import BackOff, Child, ChildSpec, ChildState

logger = logging.getLogger(__name__)

LOOK_INTERVAL_S = 0.1
GIVEN_BROKER_WAIT_S = 5.0
TAIL_LINES = 15
# A stop takes 9.5 s at most: cameras wait up to 5 s for the captures that they sent on.
STOP_WITHIN_S = 8.5
WORKERS_SHARE_S = 3.5
BROKER_SHARE_S = 1.5


class PartFailed(DoorbellError):
    """A part of the system did not come up, or went down too often."""

    code = "part_failed"


@dataclass(frozen=True, slots=True)
class WebPlan:
    """allowed_hosts: the names under which people reach it, as Django's ALLOWED_HOSTS."""

    host: str
    port: int
    allowed_hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SystemPlan:
    """How many of each; `web` None runs no web server. max_restarts: of one process within `window_s`, before it is
    given up; cameras never are."""

    detection_workers: int = 1
    recognition_workers: int = 1
    has_events: bool = True
    web: WebPlan | None = None
    has_mqtt: bool = False
    max_restarts: int = 3
    window_s: float = 60.0


class PipelineOrchestrator:
    """The broker, the workers, the web server and one process a camera.

    `on_change(child, old, new)` and `on_line(child, line)`: see supervisor.Child; without `on_line` the
    lines go to the log. environment: added to that of every process.
    """

    def __init__(
        self,
        plan: SystemPlan,
        *,
        on_change: Callable[[Child, ChildState, ChildState], None] | None = None,
        on_line: Callable[[Child, str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.plan = plan
        self.broker: PrivateBroker | None = None
        self.workers: list[Child] = []
        self.web: Child | None = None
        self.cameras: dict[CameraPlan, Child] = {}
        self._on_change = on_change
        self._on_line = on_line
        self._environment = dict(environment or {})
        self._tails: dict[str, deque[str]] = {}
        self._lock = threading.RLock()
        self._is_unwanted = threading.Event()

    @property
    def children(self) -> list[Child]:
        broker = [self.broker.child] if self.broker is not None else []
        return [*broker, *self.workers, *([self.web] if self.web else []), *self.cameras.values()]

    def start(self) -> None:
        """Start the broker, and when it answers, workers and web server; returns before they are ready.

        Raises BrokerError.
        """
        with self._lock:
            self._start_broker()
            self.workers = [self._child(spec) for spec in self._worker_specs()]
            if (web := self.plan.web) is not None:
                self.web = self._child(processes.web(web.host, web.port, list(web.allowed_hosts)))
            for child in [*self.workers, *([self.web] if self.web else [])]:
                child.start()

    def watch_cameras(self, plans: Iterable[CameraPlan]) -> None:
        """Have exactly these cameras watched: end the processes of others, start the missing ones. Not after a stop."""
        with self._lock:
            if self._is_unwanted.is_set():
                return
            wanted = set(plans)
            gone = [self.cameras.pop(plan) for plan in list(self.cameras) if plan not in wanted]
            _stop_together(gone, time.monotonic() + WORKERS_SHARE_S)
            for plan in wanted - self.cameras.keys():
                self.cameras[plan] = self._child(processes.capture(plan))
                self.cameras[plan].start()

    def wait_until_ready(self, timeout_s: float = 60.0) -> None:
        """Return when every worker consumes and the web server answers. Raises PartFailed."""
        deadline = time.monotonic() + timeout_s
        while missing := self._missing():
            self.check()
            if time.monotonic() > deadline:
                raise PartFailed(f"{missing} is not ready after {timeout_s:.0f} s; the log says more: {log_file()}")
            time.sleep(LOOK_INTERVAL_S)

    def check(self) -> None:
        """Raises PartFailed when a part was given up, with the last lines that it printed, and after a stop."""
        if self._is_unwanted.is_set():
            raise PartFailed("the doorbell was stopped")
        for child in self.children:
            if child.state is ChildState.FAILED:
                raise PartFailed(self.why_failed(child))

    def last_line(self, child: Child) -> str:
        """What it printed last, or nothing."""
        tail = self._tails.get(child.name)
        return tail[-1] if tail else ""

    def why_failed(self, child: Child) -> str:
        """How often it was tried, how it ended, and the last lines that it printed."""
        times = "once" if child.restarts == 0 else f"{child.restarts + 1} times"
        how = "could not be started" if child.exit_code is None else f"ended with {exit_text(child.exit_code)}"
        tail = "".join(f"\n  {line}" for line in self._tails.get(child.name, ()))
        return f"{child.name} {how}; it was started {times}{tail}"

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """End everything, cameras first and the broker last, so that what was seen is still decided."""
        end = time.monotonic() + within_s
        self._is_unwanted.set()
        with self._lock:
            if self.web is not None:
                self.web.request_stop()
            _stop_together(self.cameras.values(), end - WORKERS_SHARE_S)
            _stop_together([*self.workers, *([self.web] if self.web else [])], end - BROKER_SHARE_S)
            if self.broker is not None:
                _stop_together([self.broker.child], end)

    def start_again(self, children: Iterable[Child]) -> None:
        """Those that were given up; not after a stop."""
        with self._lock:
            for child in children:
                if not self._is_unwanted.is_set():
                    child.start()

    def break_off(self) -> None:
        """Have a start that is under way in another thread fail."""
        self._is_unwanted.set()

    def kill(self) -> None:
        """End everything at once. Rows keep what was not finished; may be called while `stop` waits."""
        self._is_unwanted.set()
        for child in self.children:
            child.request_stop()
            child.kill()

    def _start_broker(self) -> None:
        if settings.BROKER_IS_EMBEDDED:
            self.broker = PrivateBroker(
                settings.BROKER_SOCKET, settings.VAR_DIR / "redis", log_file("redis.log"), self._child
            )
            self.broker.start()
        elif not _answers_within(settings.CELERY_BROKER_URL, GIVEN_BROKER_WAIT_S):
            raise BrokerError(
                "the Redis that CELERY_BROKER_URL names does not answer; start it, correct the address, "
                "or unset CELERY_BROKER_URL to have a private one started"
            )

    def _worker_specs(self) -> list[ChildSpec]:
        detection = [processes.worker("detection", number + 1) for number in range(self.plan.detection_workers)]
        recognition = [processes.worker("recognition", number + 1) for number in range(self.plan.recognition_workers)]
        events = [processes.events_worker(), processes.worker("notifications")] if self.plan.has_events else []
        mqtt = [processes.mqtt()] if self.plan.has_mqtt else []
        return [*detection, *recognition, *events, *mqtt]

    def _child(self, spec: ChildSpec) -> Child:
        self._tails[spec.name] = deque(maxlen=TAIL_LINES)
        spec = replace(spec, environment={**spec.environment, **self._environment}, back_off=self._rule(spec.back_off))
        return Child(spec, on_change=self._on_change, on_line=self._keep_line)

    def _rule(self, rule: BackOff) -> BackOff:
        if rule.max_restarts is None:
            return rule
        return replace(rule, max_restarts=self.plan.max_restarts, window_s=self.plan.window_s)

    def _keep_line(self, child: Child, line: str) -> None:
        self._tails[child.name].append(line)
        if self._on_line is not None:
            self._on_line(child, line)
        else:
            logger.info("%s: %s", child.name, line)

    def _missing(self) -> str:
        """What is not ready yet, or nothing."""
        try:
            alive = beats_by_pid()
        except redis.RedisError:
            return "the broker"
        for child in self.workers:
            if child.spec.queue and child.pid not in alive:
                return f"the {child.name}"
        web = self.plan.web
        return "the web server" if web is not None and not serves(web) else ""


def log_file(name: str = "doorbell.log") -> Path:
    return Path(settings.LOG_DIR) / name


def _stop_together(children: Iterable[Child], end: float) -> None:
    """Ask all at once, then wait for each; `end` is a time.monotonic()."""
    together = list(children)
    for child in together:
        child.request_stop()
    for child in together:
        child.stop(within_s=max(0.0, end - time.monotonic()))


def _answers_within(broker_url: str, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not answers(broker_url):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_INTERVAL_S)
    return True


def serves(web: WebPlan) -> bool:
    """Whether anything at all is answered, be it a refusal of our Host header."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, web.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
