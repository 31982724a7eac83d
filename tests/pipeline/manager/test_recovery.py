import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from health.models import RecoveryAttempt
from health.recovery import RecoveryJournal
from pipeline.config import OrchestratorConfig
from pipeline.manager import recovery
from pipeline.manager.recovery import Recovery
from pipeline.orchestrator import PipelineOrchestrator, SystemPlan
from pipeline.supervisor import BackOff, Child, ChildSpec, ChildState

pytestmark = pytest.mark.django_db

PATIENCE_S = 20.0
MOST = 2


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Scene:
    """One worker that ends at once as long as `broken` is there."""

    def __init__(self, folder: Path, **config: object) -> None:
        self.broken = folder / "broken"
        code = f"import pathlib, time; pathlib.Path({str(self.broken)!r}).exists() and exit(4); time.sleep(600)"
        self.clock = Clock()
        self.journal = RecoveryJournal()
        self.orchestrator = PipelineOrchestrator(SystemPlan())
        given = {"max_restart_attempts": MOST, "restart_cooldown_seconds": 60, **config}
        self.config = OrchestratorConfig.from_dict(given, environ={})
        self.recovery = Recovery(self.orchestrator, self.config, self.journal, self.clock)
        rule = BackOff(first_s=0.0, longest_s=0.0, max_restarts=MOST)
        spec = ChildSpec("events worker", (sys.executable, "-c", code), back_off=rule)
        self.worker = Child(spec, on_change=self.recovery.changed)
        self.orchestrator.workers = [self.worker]

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def give_up(self) -> None:
        self.broken.touch()
        self.worker.start()
        assert self.worker.wait_until_over(PATIENCE_S)
        self.wait_for(lambda: not self.journal.open_processes)

    def attempts(self) -> list[tuple[str, int, str, str]]:
        self.journal.write()
        fields = ("process", "number", "result", "cause")
        return list(RecoveryAttempt.objects.order_by("pk").values_list(*fields))


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []
    monkeypatch.setattr(recovery, "STEADY_S", 0.0)
    monkeypatch.setattr(recovery, "beats_by_pid", dict)

    def build(**config: object) -> Scene:
        made.append(Scene(tmp_path, **config))
        return made[-1]

    yield build
    for scene in made:
        scene.worker.stop(within_s=0.0)


def test_a_process_that_works_again_is_noted_with_what_had_happened(make: Callable[..., Scene]) -> None:
    scene = make()
    scene.worker.start()
    scene.wait_for(lambda: scene.worker.state is ChildState.RUNNING)
    scene.worker.kill("hung in decide(7) for 130 s; 120 s is the limit")
    scene.wait_for(lambda: scene.worker.restarts == 1 and scene.worker.state is ChildState.RUNNING)
    scene.wait_for(lambda: scene.journal.open_processes == ["events worker"])
    scene.recovery.look()
    assert scene.attempts() == [
        ("events worker", 1, "recovered", "hung in decide(7) for 130 s; 120 s is the limit"),
    ]
    assert RecoveryAttempt.objects.get().detail.startswith("it took ")
    assert scene.recovery.attempts == 1


def test_a_process_that_keeps_ending_is_given_up(make: Callable[..., Scene]) -> None:
    scene = make()
    scene.give_up()
    cause = "ended with exit code 4"
    assert scene.attempts() == [
        ("events worker", 1, "failed", cause),
        ("events worker", 2, "failed", cause),
        ("events worker", 3, "given_up", cause),
    ]
    assert RecoveryAttempt.objects.latest("pk").detail == "more than 2 restarts within 60 s"
    assert scene.recovery.given_up == [scene.worker]
    assert scene.recovery.attempts == scene.config.max_restart_attempts


def test_after_a_calm_the_counter_starts_anew(make: Callable[..., Scene]) -> None:
    scene = make()
    scene.give_up()
    scene.recovery.look()
    assert scene.worker.state is ChildState.FAILED
    scene.broken.unlink()
    scene.clock.now_s += 60
    scene.recovery.look()
    scene.wait_for(lambda: scene.worker.state is ChildState.RUNNING)
    assert scene.recovery.attempts == 0
    scene.recovery.look()
    assert scene.attempts()[-1] == ("events worker", 1, "recovered", "it was given up, and is tried again")


def test_setting_the_counter_to_0_tries_again_at_once(make: Callable[..., Scene]) -> None:
    scene = make()
    scene.give_up()
    scene.broken.unlink()
    scene.recovery.start_anew()
    scene.wait_for(lambda: scene.worker.state is ChildState.RUNNING)


def test_without_automatic_recovery_nothing_is_tried_again(make: Callable[..., Scene]) -> None:
    scene = make(auto_recovery_enabled=False)
    scene.give_up()
    scene.broken.unlink()
    scene.clock.now_s += 3600
    scene.recovery.look()
    assert scene.worker.state is ChildState.FAILED
    scene.journal.write()
    assert RecoveryAttempt.objects.latest("pk").detail == "auto_recovery_enabled is false"
