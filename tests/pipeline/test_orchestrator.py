import sys
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from pipeline import processes
from pipeline.broker import BrokerError
from pipeline.orchestrator import PartFailed, PipelineOrchestrator, SystemPlan
from pipeline.processes import CameraPlan
from pipeline.supervisor import BackOff, Child, ChildSpec, ChildState

SLEEPER = "import time; time.sleep(600)"
GARAGE, GATE = CameraPlan("garage", "0"), CameraPlan("gate", "1")
PATIENCE_S = 20.0


def tiny(name: str, code: str = SLEEPER, back_off: BackOff | None = None) -> ChildSpec:
    return ChildSpec(name, (sys.executable, "-c", code), back_off=back_off or BackOff())


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PipelineOrchestrator]]:
    """An orchestrator of tiny processes, without a broker."""
    made: list[PipelineOrchestrator] = []
    monkeypatch.setattr(PipelineOrchestrator, "_start_broker", lambda _self: None)
    monkeypatch.setattr(processes, "worker", lambda queue, number=1: tiny(f"{queue} worker {number}"))
    monkeypatch.setattr(processes, "events_worker", lambda: tiny("events worker"))
    monkeypatch.setattr(processes, "capture", lambda camera: tiny(f"camera {camera.name}"))

    def build(max_restarts: int = 3, **hooks: Callable[..., None]) -> PipelineOrchestrator:
        plan = SystemPlan(detection_workers=2, max_restarts=max_restarts)
        made.append(PipelineOrchestrator(plan, **hooks))  # type: ignore[arg-type]
        return made[-1]

    yield build
    for orchestrator in made:
        orchestrator.kill()
        for child in orchestrator.children:
            child.wait_until_over(PATIENCE_S)


def test_as_many_workers_as_planned(make: Callable[..., PipelineOrchestrator]) -> None:
    orchestrator = make()
    orchestrator.start()
    names = [child.name for child in orchestrator.children]
    assert names[:4] == ["detection worker 1", "detection worker 2", "recognition worker 1", "events worker"]


def test_cameras_end_before_the_workers_that_look_at_their_pictures(make: Callable[..., PipelineOrchestrator]) -> None:
    ended: list[str] = []

    def note(child: Child, _old: ChildState, new: ChildState) -> None:
        if new is ChildState.STOPPED:
            ended.append(child.name)

    orchestrator = make(on_change=note)
    orchestrator.start()
    orchestrator.watch_cameras([GARAGE])
    orchestrator.stop()
    assert ended[0] == "camera garage"
    assert all(child.state is ChildState.STOPPED for child in orchestrator.children)


def test_camera_processes_follow_the_list(make: Callable[..., PipelineOrchestrator]) -> None:
    orchestrator = make()
    orchestrator.watch_cameras([GARAGE])
    garage = orchestrator.cameras[GARAGE]
    orchestrator.watch_cameras([GARAGE, GATE])
    assert orchestrator.cameras[GARAGE] is garage
    orchestrator.watch_cameras([GATE])
    assert garage.state is ChildState.STOPPED
    assert list(orchestrator.cameras) == [GATE]


def test_after_a_stop_nothing_starts_that_somebody_still_asks_for(make: Callable[..., PipelineOrchestrator]) -> None:
    orchestrator = make()
    orchestrator.start()
    orchestrator.stop()
    orchestrator.watch_cameras([GARAGE])
    orchestrator.start_again(orchestrator.workers)
    assert orchestrator.cameras == {}
    assert {child.state for child in orchestrator.children} == {ChildState.STOPPED}
    with pytest.raises(PartFailed, match="the doorbell was stopped"):
        orchestrator.check()


def test_part_that_was_given_up_is_told_with_its_last_words(
    make: Callable[..., PipelineOrchestrator], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tiny("camera gate", "print('one'); print('two'); raise SystemExit(4)", back_off=BackOff(max_restarts=0))
    monkeypatch.setattr(processes, "capture", lambda _camera: broken)
    orchestrator = make(max_restarts=0)
    orchestrator.check()
    orchestrator.watch_cameras([GATE])
    assert orchestrator.cameras[GATE].wait_until_over(PATIENCE_S)
    with pytest.raises(PartFailed) as caught:
        orchestrator.check()
    assert str(caught.value) == "camera gate ended with exit code 4; it was started once\n  one\n  two"
    assert orchestrator.last_line(orchestrator.cameras[GATE]) == "two"


def test_stopping_what_never_started_is_harmless(make: Callable[..., PipelineOrchestrator]) -> None:
    orchestrator = make()
    orchestrator.stop()
    orchestrator.kill()
    assert orchestrator.children == []


def test_given_broker_that_is_away_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BROKER_IS_EMBEDDED = False
    settings.CELERY_BROKER_URL = "redis://:secret@127.0.0.1:1/0"
    monkeypatch.setattr("pipeline.orchestrator.GIVEN_BROKER_WAIT_S", 0.0)
    with pytest.raises(BrokerError) as caught:
        PipelineOrchestrator(SystemPlan()).start()
    assert str(caught.value).startswith("the Redis that CELERY_BROKER_URL names does not answer; start it, correct")
    assert "secret" not in str(caught.value)
