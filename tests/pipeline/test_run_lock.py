import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.run_lock import AlreadyRunning, only_run, running_pid

HOLDER = """
import sys, pathlib
from pipeline.run_lock import only_run
with only_run(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_run_on_the_same_folder_is_refused_by_name(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "doorbell.lock"
    with only_run(lock), pytest.raises(AlreadyRunning) as caught, only_run(lock):
        pass
    assert str(caught.value) == (
        f"a doorbell already runs on {tmp_path} (process {os.getpid()}); stop it first, "
        "or run a second one beside it with another folder and port: DOORBELL_VAR=… ./doorbell run --port …"
    )


def test_other_folder_is_free(tmp_path: Path) -> None:
    with only_run(tmp_path / "one" / "doorbell.lock"), only_run(tmp_path / "two" / "doorbell.lock"):
        pass


def test_folder_is_free_again_after_the_run(tmp_path: Path) -> None:
    for _ in range(2):
        with only_run(tmp_path / "doorbell.lock"):
            assert (tmp_path / "doorbell.lock").read_text() == f"{os.getpid()}\n"


def test_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "doorbell.lock"
    command = [sys.executable, "-c", HOLDER, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=rf"\(process {holder.pid}\)"), only_run(lock):
            pass
        holder.kill()
        holder.wait()
        with only_run(lock):
            pass


def test_whoever_looks_sees_who_runs_and_holds_nobody_up(tmp_path: Path) -> None:
    lock = tmp_path / "doorbell.lock"
    assert running_pid(lock) is None
    with only_run(lock):
        assert running_pid(lock) == os.getpid()
    assert running_pid(lock) is None
    with only_run(lock):
        pass
