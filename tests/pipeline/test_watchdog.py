import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from pipeline import heartbeat, watchdog
from pipeline.broker import PrivateBroker
from pipeline.config import OrchestratorConfig
from pipeline.heartbeat import Beat
from pipeline.orchestrator import PipelineOrchestrator, SystemPlan, WebPlan
from pipeline.supervisor import BackOff, Child, ChildSpec, ChildState
from pipeline.watchdog import SILENT_S, START_S, Watchdog, task_limits

SLEEPER = "import time; time.sleep(600)"
PATIENCE_S = 20.0


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Scene:
    """A detection worker that only sleeps, and what Redis says of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        self.killed: list[str] = []
        self.said: dict[int, Beat] | None = {}
        self.answers_after_s = 0.0
        self.orchestrator = PipelineOrchestrator(SystemPlan())
        self.worker = self.sleeper("detection worker 1", "detection")
        self.orchestrator.workers = [self.worker]
        monkeypatch.setattr(watchdog, "beats_by_pid", self.beats)
        monkeypatch.setattr(Child, "kill", lambda _child, because="": self.killed.append(because))
        self.dog = Watchdog(self.orchestrator, {"detection": 30.0}, self.clock)

    def sleeper(self, name: str, queue: str = "") -> Child:
        child = Child(ChildSpec(name, (sys.executable, "-c", SLEEPER), back_off=BackOff(), queue=queue))
        child.start()
        with child._changed:
            assert child._changed.wait_for(lambda: child.state is ChildState.RUNNING, PATIENCE_S)
        return child

    def beats(self) -> dict[int, Beat]:
        self.clock.now_s += self.answers_after_s
        if self.said is None:
            raise redis.ConnectionError("away")
        return self.said

    def speak(self, **words: Any) -> None:
        pid = self.worker.pid
        assert pid is not None
        self.said = {pid: replace(Beat("detection", pid, 1), **words)}

    def pass_seconds(self, seconds: float) -> None:
        """Looking every second."""
        for _ in range(int(seconds)):
            self.clock.now_s += 1.0
            self.dog.look()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    scene = Scene(monkeypatch)
    yield scene
    monkeypatch.undo()
    for child in scene.orchestrator.children:
        child.stop(within_s=0.0)


def test_a_worker_that_speaks_is_left_alone(scene: Scene) -> None:
    scene.speak()
    scene.pass_seconds(200)
    assert scene.killed == []


def test_a_worker_that_falls_silent_is_killed(scene: Scene) -> None:
    scene.speak()
    scene.pass_seconds(1)
    scene.said = {}
    scene.pass_seconds(SILENT_S)
    assert scene.killed == []
    scene.pass_seconds(1)
    assert scene.killed == ["gave no sign of life for 7 s"]


def test_a_worker_that_has_not_spoken_yet_has_time_to_start(scene: Scene) -> None:
    scene.pass_seconds(START_S)
    assert scene.killed == []
    scene.pass_seconds(2)
    assert len(scene.killed) == 1


def test_nobody_is_to_blame_while_the_broker_is_away(scene: Scene) -> None:
    scene.speak()
    scene.pass_seconds(1)
    scene.said = None
    scene.pass_seconds(100)
    scene.said = {}
    scene.pass_seconds(SILENT_S)
    assert scene.killed == []


def test_a_worker_that_hangs_in_its_task_is_killed_with_the_task_as_the_cause(scene: Scene) -> None:
    scene.speak(task="detect_faces(7)", busy_s=29.0)
    scene.pass_seconds(1)
    assert scene.killed == []
    scene.speak(task="detect_faces(7)", busy_s=31.2)
    scene.pass_seconds(1)
    assert scene.killed == ["hung in detect_faces(7) for 31 s; 30 s is the limit"]


def test_a_worker_of_several_tasks_is_killed_for_the_oldest(scene: Scene) -> None:
    work = heartbeat.Work(scene.clock)
    work.begin(1, "deliver(1)")
    scene.clock.now_s += 3.0
    for _ in range(30):
        work.begin(2, "deliver(2)")
        work.end(2)
        beat = work.beat("detection")
        scene.speak(task=beat.task, busy_s=beat.busy_s)
        scene.pass_seconds(1)
    assert scene.killed == [
        "hung in deliver(1) for 31 s; 30 s is the limit",
        "hung in deliver(1) for 32 s; 30 s is the limit",
    ]


def test_after_a_sleep_of_the_machine_everybody_is_trusted_anew(scene: Scene) -> None:
    scene.speak()
    scene.pass_seconds(1)
    scene.said = {}
    scene.clock.now_s += 3600
    scene.pass_seconds(SILENT_S)
    assert scene.killed == []


def test_after_a_sleep_in_the_middle_of_a_look_everybody_is_trusted_anew(scene: Scene) -> None:
    scene.speak()
    scene.pass_seconds(1)
    scene.said, scene.answers_after_s = {}, 3600.0
    scene.pass_seconds(1)
    scene.answers_after_s = 0.0
    scene.pass_seconds(SILENT_S)
    assert scene.killed == []


@pytest.fixture
def silent_broker(scene: Scene, tmp_path: Path) -> None:
    broker = PrivateBroker(tmp_path / "socket", tmp_path, tmp_path / "log", lambda _spec: scene.sleeper("broker"))
    scene.orchestrator.broker = broker
    assert broker.child.state is ChildState.RUNNING
    scene.speak()
    scene.pass_seconds(1)
    scene.said = None


@pytest.mark.usefixtures("silent_broker")
def test_a_broker_that_does_not_answer_is_killed(scene: Scene) -> None:
    scene.pass_seconds(watchdog.BROKER_SILENT_S + 1)
    assert scene.killed == ["did not answer for 21 s"]


@pytest.mark.usefixtures("silent_broker")
def test_a_broker_that_holds_up_every_look_and_what_comes_after_it_is_killed_all_the_same(scene: Scene) -> None:
    """A worker is being brought back meanwhile: whoever watches that asks the broker, too."""
    scene.answers_after_s = 2.05  # a timeout of 2 s takes a little longer
    for _ in range(4):
        scene.clock.now_s += 2.05
        scene.pass_seconds(1)
    assert scene.killed == []
    scene.clock.now_s += 2.05
    scene.pass_seconds(1)
    assert scene.killed == ["did not answer for 23 s"]


def test_a_web_server_that_does_not_answer_is_killed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True, *[False] * 9])
    monkeypatch.setattr(watchdog, "serves", lambda _plan: next(answers))
    scene.orchestrator.plan = SystemPlan(web=WebPlan("127.0.0.1", 1, ()))
    scene.orchestrator.web = scene.sleeper("web server")
    scene.speak()
    scene.pass_seconds(45)
    assert scene.killed == []
    scene.pass_seconds(10)
    assert scene.killed == ["did not answer for 40 s"]


def test_limits_of_tasks_are_those_of_the_configuration() -> None:
    given = {"pipeline_config": {"face_detection": {"job_timeout": 12}, "face_recognition": {"timeout": 7}}}
    limits = task_limits(OrchestratorConfig.from_dict(given, environ={}))
    assert (limits["detection"], limits["recognition"]) == (12.0, 7.0)
    assert set(limits) == {"detection", "recognition", "events", "notifications"}


def test_a_worker_says_what_it_is_at(broker: redis.Redis) -> None:
    work = heartbeat.Work()
    work.begin(1, "detect_faces(7)")
    heartbeat._say(work.beat("detection"))
    [beat] = heartbeat.beats()
    assert (beat.queue, beat.task, beat.processed) == ("detection", "detect_faces(7)", 0)
    assert beat.busy_s is not None
    work.end(1)
    heartbeat._say(work.beat("detection"))
    [beat] = heartbeat.beats()
    assert (beat.task, beat.busy_s, beat.processed) == ("", None, 1)
    assert set(heartbeat.beats_by_pid()) == {beat.pid, beat.parent_pid}
    assert heartbeat.live_workers()["detection"] == 1


def test_celery_tells_the_heartbeat_of_each_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    class Task:
        name = "events.notifications.tasks.deliver"

    work = heartbeat.Work()
    monkeypatch.setattr(heartbeat, "_work", work)
    heartbeat.begin_task(task=Task, args=(1,))
    other = threading.Thread(target=lambda: (heartbeat.begin_task(task=Task, args=(2,)), heartbeat.end_task()))
    other.start()
    other.join()
    beat = work.beat("notifications")
    assert (beat.task, beat.processed) == ("deliver(1)", 1)


def test_of_several_tasks_at_once_the_oldest_is_said() -> None:
    clock = Clock()
    work = heartbeat.Work(clock)
    work.begin(1, "deliver(1)")
    clock.now_s += 100.0
    work.begin(2, "deliver(2)")
    clock.now_s += 21.0
    beat = work.beat("notifications")
    assert (beat.task, beat.busy_s, beat.processed) == ("deliver(1)", 121.0, 0)
    work.end(1)
    beat = work.beat("notifications")
    assert (beat.task, beat.busy_s, beat.processed) == ("deliver(2)", 21.0, 1)
    work.end(2)
    beat = work.beat("notifications")
    assert (beat.task, beat.busy_s, beat.processed) == ("", None, 2)


def test_a_camera_speaks_at_most_every_interval(broker: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Beat] = []
    say: Callable[..., None] = lambda beat, _expires_s: said.append(beat)  # noqa: E731
    monkeypatch.setattr(heartbeat, "_say", say)
    pulse = heartbeat.CameraPulse()
    pulse.beat()
    pulse.beat()
    assert [beat.queue for beat in said] == ["camera"]
