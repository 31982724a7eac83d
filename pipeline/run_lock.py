"""One running doorbell a folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import DoorbellError

# Whoever only looks holds the lock for some microseconds.
TRIES = 5
PAUSE_S = 0.02


class AlreadyRunning(DoorbellError):
    """Another process runs the doorbell of this folder."""

    code = "already_running"


@contextmanager
def only_run(lock_file: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it when the process ends, however it ends.

    Raises AlreadyRunning.
    """
    lock_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock_file.open("a+") as file:
        if not _takes_lock(file.fileno()):
            raise AlreadyRunning(_who_runs(lock_file))
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def running_pid(lock_file: Path) -> int | None:
    """The process that runs the doorbell of this folder, be it this one; None when nobody does."""
    try:
        with lock_file.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().strip()
                return int(text) if text.isdecimal() else 0
    except FileNotFoundError:
        pass
    return None


def _takes_lock(descriptor: int) -> bool:
    for attempt in range(TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE_S if attempt < TRIES - 1 else 0)
        else:
            return True
    return False


def _who_runs(lock_file: Path) -> str:
    pid = lock_file.read_text().strip() or "unknown"
    return (
        f"a doorbell already runs on {lock_file.parent.parent} (process {pid}); stop it first, "
        "or run a second one beside it with another folder and port: DOORBELL_VAR=… ./doorbell run --port …"
    )
