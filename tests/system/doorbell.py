"""A whole doorbell for the tests: its own folder, its own port, real processes."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from pipeline.vision.conversion import ensure_encoder

REPOSITORY = Path(__file__).resolve().parent.parent.parent
START_S = 90.0
STOP_S = 60.0
PASSWORD = "a long passphrase for tests"
SIGN_UP = """
from django.core.management import call_command
call_command("createsuperuser", "--noinput", "--username", "owner", "--email", "")
call_command("create_token", "owner")
"""
OPEN_VISITS = "SELECT count(*) FROM events_event WHERE settled_at IS NULL AND outcome != 'no_picture'"
NEWEST_PRESS = "SELECT max(started_at) FROM events_event WHERE trigger = 'press'"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def share_networks(var: Path) -> None:
    """Let a doorbell that is not there yet use the networks of this test run, instead of converting its own."""
    models = ensure_encoder(settings.MODELS_DIR).parent
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    (var / "models").symlink_to(models)


class Doorbell:
    """`manage.py run_doorbell` in a folder of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.words = words
        self.output = folder / "output.txt"
        self.token = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("DOORBELL", "CELERY"))},
            "DOORBELL_VAR": str(folder / "var"),
            "CLAIM_LEASE_S": "2",
            "SWEEP_INTERVAL_S": "0.5",
            "DEBOUNCE_TIME": "2",
            "GPIOZERO_PIN_FACTORY": "mock",
            "LEGACY_API_ENABLED": "true",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }

    def manage(self, *words: str) -> str:
        """Run a command of manage.py and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=REPOSITORY,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=START_S,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run_doorbell", "--port", str(self.port), *self.words],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(lambda: "Ctrl-C stops" in self.printed or self.process_ended, START_S, "the doorbell did not start")
        assert not self.process_ended, self.printed

    def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=STOP_S)

    @property
    def printed(self) -> str:
        return self.output.read_text()

    @property
    def process_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    @property
    def children(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, *words: str) -> psutil.Process:
        """The process of the doorbell whose command has these words."""
        for process in self.children:
            try:
                command = process.cmdline()
            except psutil.Error:
                continue
            if all(any(word in part for part in command) for word in words):
                return process
        raise AssertionError(f"no process of the doorbell runs {words}: {self.children}")

    def sign_up(self) -> None:
        *_, self.token = self.manage("shell", "-c", SIGN_UP).split()

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask the API; return status and JSON."""
        content = None if body is None else json.dumps(body).encode()
        return self._send(method, path, content, {"Content-Type": "application/json"})

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body, {"Authorization": f"Token {self.token}", **headers})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        is_json = "json" in (response.headers.get("Content-Type") or "")
        return response.status, json.loads(content) if is_json else content

    def upload(self, picture: bytes) -> tuple[int, Any]:
        boundary = "a-boundary-that-no-picture-holds"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="x.jpg"\r\n\r\n'
        body = head.encode() + picture + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._send("POST", "/api/captures/", body, headers)

    @property
    def database(self) -> Path:
        return self.folder / "var" / "doorbell.sqlite3"

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """From the database itself: the API may be down, and takes longer than a claim lasts."""
        with closing(sqlite3.connect(self.database, timeout=30)) as database:
            return database.execute(query, values).fetchall()

    def capture_status(self, capture: int) -> str:
        [(status,)] = self.rows("SELECT status FROM events_capture WHERE id = ?", capture)
        return str(status)

    def let_it_rest(self, within_s: float = 60.0) -> None:
        """Wait until no visit is worked at (a worker that is frozen then may hold the database) and the next press is a
        visit of its own."""
        wait_for(lambda: self.open_visits == 0, within_s, "visits are left open")
        wait_for(lambda: self._pressed_ago_s > float(self.environment["DEBOUNCE_TIME"]), within_s, "the bell is rung")

    @property
    def open_visits(self) -> int:
        [(count,)] = self.rows(OPEN_VISITS)
        return int(count)

    @property
    def _pressed_ago_s(self) -> float:
        """Seconds since the newest press opened a visit."""
        [(started_at,)] = self.rows(NEWEST_PRESS)
        if started_at is None:
            return float("inf")
        return (datetime.now(UTC) - datetime.fromisoformat(started_at).replace(tzinfo=UTC)).total_seconds()

    def ring(self) -> int:
        status, answer = self.call("POST", "/api/ring/", {})
        assert status == 201, answer
        event: int = answer["event"]
        return event

    def event(self, number: int) -> dict[str, Any]:
        status, answer = self.call("GET", f"/api/events/{number}/")
        assert status == 200, answer
        found: dict[str, Any] = answer
        return found

    def decided(self, number: int, within_s: float = 30.0) -> dict[str, Any]:
        wait_for(lambda: self.event(number)["outcome"] != "pending", within_s, f"event {number} is not decided")
        return self.event(number)


def wait_for(is_so: Callable[[], bool], within_s: float, complaint: str, every_s: float = 0.05) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"{complaint} within {within_s} s"
        time.sleep(every_s)
