"""OrchestratorManager in programs of their own: the examples of its manual, and what programs for the old system do."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.conftest import REPOSITORY
from tests.system.doorbell import START_S, STOP_S, share_networks, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """One folder for all, one after the other; the networks are those that were converted already."""
    with tempfile.TemporaryDirectory(prefix="manager-") as folder:  # short, for the broker's socket
        share_networks(Path(folder))
        yield Path(folder)


def surroundings(var: Path) -> dict[str, str]:
    """Django is not set up, and nobody says which settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "CELERY", "DOORBELL"))}
    return {**kept, "DOORBELL_VAR": str(var), "DOORBELL_PIN": "none", "PYTHONPATH": str(REPOSITORY), "DEBUG": "false"}


def run(program: str, var: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", program]
    return subprocess.run(
        command, cwd=REPOSITORY, env=surroundings(var), capture_output=True, text=True, timeout=200, check=False
    )


def examples(page: str) -> str:
    """The Python of a page, in the order in which it stands there."""
    return "\n".join(re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / page).read_text(), re.DOTALL))


UNTIL_DECIDED = "import time\nwhile not visits:\n    time.sleep(0.05)\n"


def test_the_examples_of_the_manual_run(var: Path) -> None:
    program = examples("manager.md").replace("manager.stop()\n", f"{UNTIL_DECIDED}manager.stop()\n", 1)
    done = run(f"{program}\nprint('decided', [visit['outcome'] for visit in visits])", var)
    assert done.returncode == 0, done.stderr
    assert "error The press is recorded without a picture." in done.stdout
    assert "running " in done.stdout
    assert "detection worker 1 True False " in done.stdout
    assert done.stdout.splitlines()[-1] == "decided ['no_picture']"


# What the guide of the old system shows, with its names, keys and values; only the imports differ.
OLD_PROGRAM = """
import json
from pipeline.orchestrator_manager import OrchestratorManager, SystemState

manager = OrchestratorManager({
    'health_check_interval': 30.0, 'metrics_collection_interval': 60.0,
    'auto_recovery_enabled': True, 'max_restart_attempts': 3, 'restart_cooldown_seconds': 60.0,
    'cpu_threshold': 80.0, 'memory_threshold': 85.0,
    'pipeline_config': {
        'face_detection': {'worker_count': 2, 'detector_type': 'cpu'},
        'face_recognition': {'worker_count': 2, 'tolerance': 0.6},
    },
})
manager.stop()
before = manager.get_health_status()
told = []
manager.register_event_callback('system_error', lambda data: told.append(data))
manager.register_event_callback('performance_warning', lambda data: told.append(data['score']))
manager.start()
manager.start()
health = manager.get_health_status()
result = manager.trigger_doorbell()
metrics = manager.orchestrator.get_pipeline_metrics()
if manager.restart_attempts >= manager.max_restart_attempts:
    manager.restart_attempts = 0
answer = {
    'before': before.state.value,
    'is_running': health.state == SystemState.RUNNING,
    'error': health.last_error,
    'score': health.performance_score,
    'uptime': health.uptime,
    'pipeline': sorted(health.pipeline_status),
    'result': sorted(result),
    'metrics': metrics,
    'backlog': metrics['queue_status'].get('backlog_warning'),
}
manager.stop()
answer['after'] = manager.get_health_status().state.value
print(json.dumps(answer))
"""
KEYS = ["events_per_minute", "pipeline_status", "queue_status", "stages", "uptime", "worker_status"]


def test_a_program_for_the_old_system_runs_with_other_imports(var: Path) -> None:
    done = run(OLD_PROGRAM, var)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert (answer["before"], answer["is_running"], answer["after"]) == ("initializing", True, "stopped")
    assert answer["error"] is None
    assert 0 <= answer["score"] <= 1
    assert answer["uptime"] >= 0
    assert answer["pipeline"] == KEYS
    assert answer["result"] == ["event_id", "message", "status"]
    assert answer["backlog"] is False
    workers = answer["metrics"]["worker_status"]
    assert [name for name in workers if name.startswith(("detection", "recognition"))] == [
        *("detection worker 1", "detection worker 2", "recognition worker 1", "recognition worker 2")
    ]
    assert all(worker["alive"] and worker["memory_mb"] > 1 for worker in workers.values())
    assert answer["metrics"]["stages"]["face_detection"]["running"] is True
    assert answer["metrics"]["stages"]["frame_capture"]["running"] is False


@pytest.mark.parametrize(
    "sections",
    [
        {
            "face_detection": {"worker_count": 1, "detector_type": "cpu", "model": "hog"},
            "face_recognition": {"worker_count": 1, "encoding_model": "small"},
            "motion_detection": {"enabled": True},
        },
        {
            "face_detection": {"worker_count": 4, "detector_type": "gpu", "model": "cnn"},
            "face_recognition": {"worker_count": 3, "encoding_model": "large"},
            "motion_detection": {"enabled": False},
        },
    ],
)
def test_configurations_of_the_old_guide_are_taken_as_they_are(sections: dict[str, dict[str, object]]) -> None:
    from pipeline.orchestrator_manager import OrchestratorManager

    manager = OrchestratorManager({"pipeline_config": sections})
    taken = manager.config.to_dict()["pipeline_config"]
    assert {name: {key: taken[name][key] for key in values} for name, values in sections.items()} == sections


MAIN = "from pipeline.main import main; import sys; sys.exit(main(config={'health_check_interval': 60.0}))"
BESIDE = """
import json
from pipeline.orchestrator_manager import OrchestratorManager
from pipeline.run_lock import AlreadyRunning
manager = OrchestratorManager()
try:
    manager.start()
except AlreadyRunning as error:
    refused = str(error)
health = manager.get_health_status()
workers = health.pipeline_status['worker_status']
manager.stop()
print(json.dumps([refused, health.state.value, workers['detection worker 1']['alive'], manager.running,
                  manager.trigger_doorbell()['event_id'] is not None]))
"""


def start_main(var: Path) -> tuple[subprocess.Popen[bytes], list[psutil.Process]]:
    (var / "run" / "manager.json").unlink(missing_ok=True)
    process = subprocess.Popen([sys.executable, "-c", MAIN], cwd=REPOSITORY, env=surroundings(var))
    wait_for(lambda: is_running(var), START_S, "it does not run")
    return process, psutil.Process(process.pid).children(recursive=True)


def is_running(var: Path) -> bool:
    try:
        return bool(json.loads((var / "run" / "manager.json").read_text())["state"] == "running")
    except FileNotFoundError:
        return False


def test_another_program_can_ask_and_ring_but_not_start_and_nothing_outlives_a_killed_manager(var: Path) -> None:
    process, family = start_main(var)
    try:
        done = run(BESIDE, var)
    finally:
        process.kill()
        process.wait()
    assert done.returncode == 0, done.stderr
    refused, *truth = json.loads(done.stdout.splitlines()[-1])
    assert f"a doorbell already runs on {var} (process {process.pid})" in refused
    assert truth == ["running", True, True, True]
    assert len(family) >= 7  # broker, two workers for each of two stages, two for events and notifications
    assert psutil.wait_procs(family, timeout=STOP_S)[1] == []


def test_main_returns_0_after_a_clean_stop(var: Path) -> None:
    process, family = start_main(var)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=STOP_S) == 0
    assert psutil.wait_procs(family, timeout=STOP_S)[1] == []


def test_importing_the_manager_sets_nothing_up(var: Path) -> None:
    program = "import pipeline.orchestrator_manager; from django.apps import apps; print(apps.ready)"
    assert run(program, var).stdout == "False\n"


LEGACY_PROGRAM = """
import json
from pipeline.orchestrator_manager import OrchestratorManager

manager = OrchestratorManager()
legacy_system = manager.get_legacy_interface()
legacy_system.start()
legacy_system.on_doorbell_pressed(channel=18)
status = legacy_system.get_system_status()
parts = [hasattr(legacy_system, name) for name in ('settings', 'face_manager', 'camera', 'gpio')]
captures = legacy_system.get_recent_captures(limit=10)
running = manager.running
legacy_system.stop()
print(json.dumps([status['status'], parts, captures, running, manager.state.value,
                  legacy_system is manager.get_legacy_interface()]))
"""


def test_the_legacy_interface_starts_rings_and_stops_the_manager(var: Path) -> None:
    done = run(LEGACY_PROGRAM, var)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer == ["running", [True] * 4, [], True, "stopped", True]


def test_main_returns_1_when_a_part_has_ended_that_may_not_be_brought_back(var: Path) -> None:
    (var / "run" / "manager.json").unlink(missing_ok=True)
    environment = surroundings(var) | {"AUTO_RECOVERY_ENABLED": "false", "WORKER_COUNT": "1"}
    command = [sys.executable, "-c", MAIN]
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: is_running(var), START_S, "it does not run")
        status = json.loads((var / "run" / "manager.json").read_text())
        [pid] = [each["pid"] for each in status["processes"] if each["name"] == "events worker"]
        psutil.Process(pid).kill()
        assert process.wait(timeout=STOP_S) == 1
        assert process.stderr is not None
        assert "events worker ended with signal 9 (SIGKILL); it was started once" in process.stderr.read()
    with closing(sqlite3.connect(var / "doorbell.sqlite3")) as database:
        rows = database.execute(
            "SELECT process, result FROM health_recoveryattempt ORDER BY id DESC LIMIT 1"
        ).fetchall()
    assert rows == [("events worker", "given_up")]


BROKEN_OFF = """
import json, threading, time
from pipeline.orchestrator_manager import OrchestratorManager, SystemState
manager = OrchestratorManager({'pipeline_config': {'face_detection': {'worker_count': 1}}})
raised = []
def start():
    try:
        manager.start()
    except Exception as error:
        raised.append(type(error).__name__)
thread = threading.Thread(target=start)
thread.start()
while not manager.orchestrator.workers:
    time.sleep(0.01)
manager.stop()
thread.join()
states = [manager.state.value]
manager.start()
states.append(manager.state.value)
manager.stop()
states.append(manager.state.value)
print(json.dumps([raised, states, [child.name for child in manager.orchestrator.children if child.pid]]))
"""


def test_a_start_can_be_broken_off_and_made_again(var: Path) -> None:
    done = run(BROKEN_OFF, var)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [["PartFailed"], ["stopped", "running", "stopped"], []]
