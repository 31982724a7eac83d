"""The whole system as a newcomer starts it: true processes, one press, a clean end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from pipeline.vision.conversion import ensure_encoder
from tests.conftest import REPOSITORY, Portraits

pytestmark = pytest.mark.system
GONE_WITHIN_S = 20.0
LAST_LINE = "Ctrl-C stops the doorbell."


class Foreground:
    """`manage.py run_doorbell` (or another command) in a folder of its own."""

    def __init__(self, var: Path, *words: str, **variables: str) -> None:
        self.var = var
        self.variables = variables
        self.said: list[str] = []
        self.process = subprocess.Popen(
            self.command(*words), env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.family: list[psutil.Process] = []

    @staticmethod
    def command(*words: str) -> list[str]:
        return [sys.executable, str(REPOSITORY / "manage.py"), *words]

    def environment(self) -> dict[str, str]:
        fewer = {"WORKER_COUNT": "1", "DOORBELL_PIN": "none", "PYTHONWARNINGS": "default"}
        return {**os.environ, "DOORBELL_VAR": str(self.var), **fewer, **self.variables}

    def wait_for(self, text: str) -> str:
        """Return the first line that contains `text`; fail when the process ends before it says so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if text in line:
                self.family = psutil.Process(self.process.pid).children(recursive=True)
                return line.strip()
        assert self.process.stderr is not None
        pytest.fail(f"{text!r} was not said, but {self.said} and {self.process.stderr.read()}")

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), env=self.environment(), capture_output=True, text=True, check=False, timeout=60
        )

    def end(self, number: signal.Signals) -> str:
        """Send the signal; return what is said after it."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=60)[0]

    def children(self) -> list[str]:
        """The names by which the manager calls its processes."""
        return [each["name"] for each in self._processes()]

    def child(self, name: str) -> psutil.Process:
        return psutil.Process(next(each["pid"] for each in self._processes() if each["name"] == name))

    def _processes(self) -> list[dict[str, Any]]:
        processes: list[dict[str, Any]] = json.loads((self.var / "run" / "manager.json").read_text())["processes"]
        return processes

    def survivors(self) -> list[psutil.Process]:
        return psutil.wait_procs(self.family, timeout=GONE_WITHIN_S)[1]


@pytest.fixture(scope="module")
def models() -> Path:
    """Converted once for all."""
    return ensure_encoder(settings.MODELS_DIR).parent


@pytest.fixture
def start(models: Path) -> Iterator[Callable[..., Foreground]]:
    started: list[Foreground] = []
    with tempfile.TemporaryDirectory(prefix="run-") as folder:  # short, for the broker's socket
        shutil.copytree(models, Path(folder) / "models")

        def run(*words: str, **variables: str) -> Foreground:
            started.append(Foreground(Path(folder), *words, **variables))
            return started[-1]

        yield run
        for foreground in started:
            if foreground.process.poll() is None:
                foreground.process.kill()
            foreground.process.communicate()
            foreground.survivors()


@pytest.fixture
def port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def status_of(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own address
        return int(answer.status)


def test_from_start_to_a_decided_press_to_a_clean_end(
    start: Callable[..., Foreground], port: int, portraits: Portraits
) -> None:
    doorbell = start("run_doorbell", "--source", str(portraits.astronaut), "--loop", "--port", str(port))
    doorbell.wait_for(LAST_LINE)
    assert f"Everything is kept in {doorbell.var}" in doorbell.said
    assert "Watching: front door" in doorbell.said
    assert f"Open http://127.0.0.1:{port}/" in doorbell.said

    [link] = [line for line in doorbell.said if "/first-owner/" in line]
    assert status_of(link) == 200
    assert status_of(f"http://127.0.0.1:{port}/readyz") == 200

    rung = doorbell.manage("ring", "--wait", "30")
    assert rung.returncode == 0, rung.stderr
    assert json.loads(rung.stdout)["outcome"] == "unknown"

    second = doorbell.manage("run_doorbell", "--port", "1")
    assert second.returncode == 2
    assert f"a doorbell already runs on {doorbell.var} (process {doorbell.process.pid}); stop it" in second.stderr

    assert doorbell.end(signal.SIGINT).splitlines() == ["Stopping …", "Stopped."]
    assert doorbell.process.returncode == 0
    assert doorbell.survivors() == []
    assert len(doorbell.family) >= 6  # broker, three workers at least, camera, web server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_to_stop_are_as_clean(start: Callable[..., Foreground], number: signal.Signals) -> None:
    doorbell = start("run_doorbell", "--no-web")
    doorbell.wait_for("Starting …")
    doorbell.end(number)
    assert doorbell.process.returncode == 0
    assert doorbell.survivors() == []


def test_nothing_outlives_a_killed_doorbell(start: Callable[..., Foreground], portraits: Portraits) -> None:
    doorbell = start("run_doorbell", "--no-web", "--source", str(portraits.astronaut), "--loop")
    doorbell.wait_for(LAST_LINE)
    doorbell.process.kill()
    assert doorbell.survivors() == []


def test_second_ctrl_c_does_not_wait(start: Callable[..., Foreground]) -> None:
    doorbell = start("run_doorbell", "--no-web")
    doorbell.wait_for(LAST_LINE)
    for process in doorbell.family:
        process.suspend()  # none of them ends when it is asked to
    doorbell.process.send_signal(signal.SIGINT)
    doorbell.wait_for("Stopping …")
    doorbell.end(signal.SIGINT)
    assert doorbell.process.returncode == 0
    assert doorbell.survivors() == []


def test_doorbell_runs_on_without_a_worker_that_was_given_up_and_tries_it_again(
    start: Callable[..., Foreground], portraits: Portraits
) -> None:
    source = ("--source", str(portraits.astronaut), "--loop")
    doorbell = start("run_doorbell", "--no-web", *source, MAX_RESTART_ATTEMPTS="0", RESTART_COOLDOWN_SECONDS="5")
    doorbell.wait_for(LAST_LINE)
    doorbell.child("events worker").kill()
    doorbell.wait_for("events worker is given up, and tried again after 5 s of calm. The rest goes on.")
    rung = doorbell.manage("ring", "--wait", "30")
    assert rung.returncode == 0, rung.stderr
    assert json.loads(rung.stdout)["outcome"] == "unknown"  # by the worker that was tried again
    doorbell.wait_for("events worker works again.")
    doorbell.end(signal.SIGINT)
    assert doorbell.process.returncode == 0
    assert doorbell.survivors() == []


def test_doorbell_that_shall_not_recover_ends_with_an_error(start: Callable[..., Foreground]) -> None:
    doorbell = start("run_doorbell", "--no-web", AUTO_RECOVERY_ENABLED="false")
    doorbell.wait_for(LAST_LINE)
    doorbell.child("events worker").kill()
    complaint = doorbell.process.communicate(timeout=60)[1]
    assert "events worker ended with signal 9 (SIGKILL); it was started once" in complaint
    assert doorbell.process.returncode == 1
    assert doorbell.survivors() == []


def test_doorbell_runs_on_when_the_recording_has_ended(start: Callable[..., Foreground], portraits: Portraits) -> None:
    doorbell = start("run_doorbell", "--no-web", "--source", str(portraits.astronaut))
    doorbell.wait_for("The recording of camera front door has ended; the doorbell keeps running.")
    if not any(LAST_LINE in line for line in doorbell.said):
        doorbell.wait_for(LAST_LINE)
    doorbell.end(signal.SIGINT)
    assert doorbell.process.returncode == 0


BETWEEN_HOG_AND_CNN = 300 * 1024**2  # a worker that has looked at the portrait has 201 MiB with one, 452 with the other

PI = {
    "face_detection.worker_count": 1,
    "face_recognition.worker_count": 1,
    "face_detection.model": "hog",
    "face_detection.min_face_px": 96,
    "frame_capture.fps": 10.0,
    "motion_detection.enabled": True,
}
FAST = {
    "face_detection.worker_count": 4,
    "face_recognition.worker_count": 3,
    "face_detection.model": "cnn",
    "face_detection.min_face_px": 40,
    "motion_detection.enabled": True,
}


@pytest.mark.parametrize(("preset", "values"), [("raspberry_pi", PI), ("high_performance", FAST)])
def test_a_preset_reaches_every_process(
    start: Callable[..., Foreground], portraits: Portraits, preset: str, values: dict[str, object]
) -> None:
    source = ("--source", str(portraits.astronaut), "--loop")
    doorbell = start("run_doorbell", "--no-web", "--preset", preset, *source, WORKER_COUNT="")
    doorbell.wait_for(LAST_LINE)
    kinds = [name.rpartition(" ")[0] for name in doorbell.children() if name.startswith(("detection", "recognition"))]
    assert kinds.count("detection worker") == values["face_detection.worker_count"]
    assert kinds.count("recognition worker") == values["face_recognition.worker_count"]
    surroundings = [doorbell.child(name).environ() for name in doorbell.children() if name != "broker"]
    assert len({(each["DOORBELL_CONFIG"], each["DOORBELL_PRESET"]) for each in surroundings}) == 1
    seen = settings_in(surroundings[0])
    assert {path: seen[path] for path in values} == {
        path: (value, f"preset {preset}") for path, value in values.items()
    }

    assert json.loads(doorbell.manage("ring", "--wait", "60").stdout)["outcome"] == "unknown"
    detecting = [doorbell.child(name) for name in doorbell.children() if name.startswith("detection")]
    largest = max(process.memory_info().rss for process in detecting)
    assert (largest > BETWEEN_HOG_AND_CNN) is (values["face_detection.model"] == "cnn")


def settings_in(environment: dict[str, str]) -> dict[str, tuple[object, str]]:
    """Value and source of every setting, as a process with this environment reads them."""
    command = [*Foreground.command("show_config", "--json")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    shown = json.loads(done.stdout)["settings"]
    return {path: (each["value"], each["source"]) for path, each in shown.items()}


def test_taken_port_is_said_before_anything_starts(start: Callable[..., Foreground]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        doorbell = start("run_doorbell", "--port", str(port))
        said, complaint = doorbell.process.communicate(timeout=60)
    assert doorbell.process.returncode == 2
    assert said == ""
    assert f"port {port} on 127.0.0.1 is taken by another program" in complaint


def test_wrong_source_is_said_before_anything_starts(start: Callable[..., Foreground]) -> None:
    doorbell = start("run_doorbell", "--source", "rtps://door")
    complaint = doorbell.process.communicate(timeout=60)[1]
    assert doorbell.process.returncode == 2
    assert "'rtps://door' is not a camera address" in complaint


def test_wrong_port_is_refused(start: Callable[..., Foreground]) -> None:
    doorbell = start("run_doorbell", "--port", "80000")
    complaint = doorbell.process.communicate(timeout=60)[1]
    assert doorbell.process.returncode == 2
    assert "'80000' is not a port; use a number from 1 to 65535" in complaint


def test_demo_knows_one_visitor_and_not_the_other(start: Callable[..., Foreground], port: int) -> None:
    demo = start("demo", "--once", "--port", str(port))
    demo.wait_for("decided after")
    first = demo.wait_for("  1 ")
    second = demo.wait_for("  2 ")
    assert first.split()[:4] == ["1", "known", "Grace", "Hopper"]
    assert second.split()[:4] == ["2", "unknown", "nobody", "enrolled"]
    demo.process.communicate(timeout=60)
    assert demo.process.returncode == 0
    assert demo.survivors() == []
    assert (demo.var / "demo" / "doorbell.sqlite3").exists()
    assert not (demo.var / "doorbell.sqlite3").exists()
