"""One running doorbell a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import DoorbellError


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
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_who_runs(lock_file)) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _who_runs(lock_file: Path) -> str:
    pid = lock_file.read_text().strip() or "unknown"
    return (
        f"a doorbell already runs on {lock_file.parent.parent} (process {pid}); stop it first, "
        "or run a second one beside it with another folder and port: DOORBELL_VAR=… ./doorbell run --port …"
    )
