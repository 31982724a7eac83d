import contextlib
import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.supervisor import BackOff, Child, ChildSpec, ChildState, Restart

PATIENCE_S = 20.0
AT_ONCE = BackOff(first_s=0.0, longest_s=0.0)


class Watched:
    """A child and everything it told."""

    def __init__(self, code: str, **spec: object) -> None:
        self.changes: queue.Queue[tuple[ChildState, ChildState]] = queue.Queue()
        self.lines: queue.Queue[str] = queue.Queue()
        command = (sys.executable, "-u", "-c", textwrap.dedent(code))
        self.child = Child(
            ChildSpec("a child", command, **spec),  # type: ignore[arg-type]
            on_change=lambda _child, old, new: self.changes.put((old, new)),
            on_line=lambda _child, line: self.lines.put(line),
        )

    def line(self) -> str:
        return self.lines.get(timeout=PATIENCE_S)

    def wait_for(self, state: ChildState) -> list[ChildState]:
        """The states entered up to and including `state`."""
        entered: list[ChildState] = []
        while not entered or entered[-1] is not state:
            entered.append(self.changes.get(timeout=PATIENCE_S)[1])
        return entered


@pytest.fixture
def watch() -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(code: str, **spec: object) -> Watched:
        made.append(Watched(code, **spec))
        return made[-1]

    yield make
    for watched in made:
        watched.child.stop(within_s=1.0)


def wait_until_gone(pid: int) -> None:
    """Return when no such process runs (one that nobody reaps counts as gone)."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        while process.status() != psutil.STATUS_ZOMBIE:
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(timeout=0.05)
                return


SLEEPER = "import time; print('up'); time.sleep(600)"


def test_child_runs_until_it_is_stopped(watch: Callable[..., Watched]) -> None:
    watched = watch(SLEEPER)
    watched.child.start()
    assert watched.line() == "up"
    pid = watched.child.pid
    assert pid is not None
    watched.child.stop()
    assert watched.child.state is ChildState.STOPPED
    assert watched.child.exit_code == -signal.SIGTERM
    assert watched.child.pid is None
    wait_until_gone(pid)
    states = watched.wait_for(ChildState.STOPPED)
    assert states == [ChildState.STARTING, ChildState.RUNNING, ChildState.STOPPING, ChildState.STOPPED]


def test_starting_and_stopping_twice_is_harmless(watch: Callable[..., Watched]) -> None:
    watched = watch(SLEEPER)
    watched.child.stop()
    watched.child.start()
    watched.child.start()
    assert watched.line() == "up"
    watched.child.stop()
    watched.child.stop()
    assert watched.lines.empty()
    assert watched.child.state is ChildState.STOPPED


def test_stopped_child_can_be_started_again(watch: Callable[..., Watched]) -> None:
    watched = watch(SLEEPER)
    for _ in range(2):
        watched.child.start()
        assert watched.line() == "up"
        watched.child.stop()
    assert watched.child.state is ChildState.STOPPED


def test_killed_child_is_started_again(watch: Callable[..., Watched]) -> None:
    watched = watch(SLEEPER, back_off=AT_ONCE)
    watched.child.start()
    assert watched.line() == "up"
    first = watched.child.pid
    watched.child.kill()
    assert watched.line() == "up"
    assert watched.child.pid != first
    assert watched.child.restarts == 1
    assert watched.child.exit_code == -signal.SIGKILL


def test_child_that_keeps_ending_is_given_up(watch: Callable[..., Watched], caplog: pytest.LogCaptureFixture) -> None:
    watched = watch("raise SystemExit(7)", back_off=BackOff(first_s=0.0, longest_s=0.0, max_restarts=2))
    watched.child.start()
    states = watched.wait_for(ChildState.FAILED)
    assert states.count(ChildState.RUNNING) == 3
    assert watched.child.restarts == 2
    assert watched.child.exit_code == 7
    assert "a child ended with exit code 7 and is given up" in caplog.messages


def test_child_given_up_can_be_started_again(watch: Callable[..., Watched], tmp_path: Path) -> None:
    flag = tmp_path / "repaired"
    code = f"import pathlib, time; print('up'); pathlib.Path({str(flag)!r}).exists() or exit(1); time.sleep(600)"
    watched = watch(code, back_off=BackOff(max_restarts=0))
    watched.child.start()
    watched.wait_for(ChildState.FAILED)
    flag.touch()
    watched.child.start()
    watched.wait_for(ChildState.RUNNING)
    assert watched.child.restarts == 0


def test_child_that_is_through_is_left_alone_when_the_rule_says_so(watch: Callable[..., Watched]) -> None:
    watched = watch("print('done')", restart=Restart.ON_FAILURE)
    watched.child.start()
    assert watched.wait_for(ChildState.FINISHED)[-1] is ChildState.FINISHED
    assert watched.line() == "done"
    assert watched.child.exit_code == 0


def test_child_that_should_always_run_is_started_again_after_a_clean_end(watch: Callable[..., Watched]) -> None:
    watched = watch("print('up')", back_off=BackOff(first_s=0.0, longest_s=0.0, max_restarts=1))
    watched.child.start()
    assert [watched.line(), watched.line()] == ["up", "up"]
    watched.wait_for(ChildState.FAILED)


def test_stop_ends_the_pause_before_the_next_start(watch: Callable[..., Watched]) -> None:
    watched = watch("raise SystemExit(1)", back_off=BackOff(first_s=3600.0, longest_s=3600.0))
    watched.child.start()
    watched.wait_for(ChildState.WAITING)
    watched.child.stop()
    assert watched.child.state is ChildState.STOPPED


def test_child_that_ignores_sigterm_is_killed(watch: Callable[..., Watched]) -> None:
    watched = watch(f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}")
    watched.child.start()
    assert watched.line() == "up"
    watched.child.stop(within_s=0.1)
    assert watched.child.state is ChildState.STOPPED
    assert watched.child.exit_code == -signal.SIGKILL


def test_what_a_child_started_ends_with_it(watch: Callable[..., Watched]) -> None:
    watched = watch(
        """
        import subprocess, sys
        stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(600)"
        grandchild = subprocess.Popen([sys.executable, "-u", "-c", stubborn])
        print(grandchild.pid)
        grandchild.wait()
        """
    )
    watched.child.start()
    grandchild = int(next(line for line in (watched.line(), watched.line()) if line != "up"))
    watched.child.stop()
    wait_until_gone(grandchild)


def test_listener_that_raises_harms_nothing(watch: Callable[..., Watched], caplog: pytest.LogCaptureFixture) -> None:
    def refuse(*_words: object) -> None:
        raise RuntimeError("no")

    child = Child(ChildSpec("a child", (sys.executable, "-c", "print('up')")), on_change=refuse, on_line=refuse)
    child.start()
    child.stop(within_s=1.0)
    assert child.state is ChildState.STOPPED
    assert "a listener of a child failed" in caplog.messages


def test_no_lock_of_the_child_is_held_while_a_listener_runs() -> None:
    """A manager's listener takes the manager's lock, which another thread may hold while it asks the child."""
    seen: queue.Queue[bool] = queue.Queue()

    def let_another_thread_ask(child: Child, _old: ChildState, _new: ChildState) -> None:
        asker = threading.Thread(target=child.wait_until_over, args=(0.0,))
        asker.start()
        asker.join(timeout=PATIENCE_S)
        seen.put(not asker.is_alive())

    child = Child(ChildSpec("a child", (sys.executable, "-c", SLEEPER)), on_change=let_another_thread_ask)
    child.start()
    child.stop()
    assert seen.get(timeout=PATIENCE_S)
    assert seen.get(timeout=PATIENCE_S)


def test_missing_command_is_named(watch: Callable[..., Watched]) -> None:
    lines: queue.Queue[str] = queue.Queue()
    spec = ChildSpec("a child", ("/nonexistent/program",), back_off=BackOff(max_restarts=0))
    child = Child(spec, on_line=lambda _child, line: lines.put(line))
    child.start()
    assert child.wait_until_over(PATIENCE_S)
    assert child.state is ChildState.FAILED
    assert child.exit_code == 127
    expected = "/nonexistent/program cannot be started: [Errno 2] No such file or directory"
    assert lines.get(timeout=PATIENCE_S) == expected


def test_environment_and_folder_reach_the_child(watch: Callable[..., Watched], tmp_path: Path) -> None:
    code = "import os; print(os.environ['DOOR'], os.environ['PATH'] != '', os.getcwd())"
    watched = watch(code, environment={"DOOR": "blue"}, folder=tmp_path, restart=Restart.ON_FAILURE)
    watched.child.start()
    assert watched.line() == f"blue True {tmp_path}"


def test_output_that_is_no_text_does_not_stop_the_pump(watch: Callable[..., Watched]) -> None:
    watched = watch(r"import sys; sys.stdout.buffer.write(b'\xff\n\nend\n')", restart=Restart.ON_FAILURE)
    watched.child.start()
    assert [watched.line(), watched.line()] == ["\N{REPLACEMENT CHARACTER}", "end"]


MANAGER = """
import sys, time
from pipeline.supervisor import Child, ChildSpec
child = Child(ChildSpec("a child", (sys.executable, "-c", "import time; time.sleep(600)")))
child.start()
while child.pid is None:
    time.sleep(0.01)
print(child.pid, flush=True)
time.sleep(600)
"""


def test_child_does_not_outlive_a_killed_supervisor() -> None:
    with subprocess.Popen([sys.executable, "-c", MANAGER], stdout=subprocess.PIPE, text=True) as manager:
        assert manager.stdout is not None
        child = int(manager.stdout.readline())
        manager.kill()
    wait_until_gone(child)


ACCOMPANY = """
import sys
from pipeline import launch
launch.LOOK_INTERVAL_S = 0.01
sys.exit(launch.accompany(sys.argv[2:], int(sys.argv[1])))
"""
ACCOMPANYING_MANAGER = """
import os, subprocess, sys
sleeper = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
command = [sys.executable, "-c", sys.argv[1], str(os.getpid()), sys.executable, "-c", sleeper]
subprocess.Popen(command, start_new_session=True).wait()
"""


def test_child_does_not_outlive_a_killed_supervisor_on_other_systems() -> None:
    command = [sys.executable, "-c", ACCOMPANYING_MANAGER, ACCOMPANY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as manager:
        assert manager.stdout is not None
        child = int(manager.stdout.readline())
        manager.kill()
    wait_until_gone(child)


def test_accompanied_command_gives_its_exit_code() -> None:
    words = [str(os.getpid()), sys.executable, "-c", "raise SystemExit(5)"]
    assert subprocess.run([sys.executable, "-c", ACCOMPANY, *words], check=False).returncode == 5


@pytest.mark.parametrize(("restarts", "pause_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (6, 10.0), (5000, 10.0)])
def test_pauses_double_up_to_the_longest(restarts: int, pause_s: float) -> None:
    assert BackOff().pause_s(restarts) == pause_s
