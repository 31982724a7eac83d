"""How a manager and its processes are, told to other processes by a file in VAR/run."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.manager.states import SystemState
from pipeline.supervisor import Child, ChildState

FILE = "manager.json"
_writing = threading.Lock()  # the thread that starts the doorbell writes, and the guard does already


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """state: of supervisor.ChildState. restarts: since the start."""

    name: str
    state: str
    pid: int | None
    restarts: int
    queue: str = ""

    @property
    def is_alive(self) -> bool:
        return self.state == ChildState.RUNNING.value


@dataclass(frozen=True, slots=True)
class ManagerStatus:
    """running_since: time.time(), None while it does not run. pid: of the manager."""

    state: SystemState
    pid: int
    running_since: float | None = None
    error_count: int = 0
    warning_count: int = 0
    last_error: str | None = None
    restart_attempts: int = 0
    processes: tuple[ProcessStatus, ...] = ()

    @property
    def uptime_s(self) -> float:
        return 0.0 if self.running_since is None else max(0.0, round(time.time() - self.running_since, 1))


def process_status(child: Child) -> ProcessStatus:
    return ProcessStatus(child.name, child.state.value, child.pid, child.restarts, child.spec.queue)


def write_status(status: ManagerStatus, run_dir: Path) -> None:
    """Never half written. Raises OSError."""
    path = run_dir / FILE
    draft = path.with_name(f".{FILE}.{os.getpid()}")
    with _writing:
        draft.write_text(json.dumps({**asdict(status), "state": status.state.value}))
        draft.replace(path)


def read_status(run_dir: Path, pid: int) -> ManagerStatus:
    """What the manager with that process id wrote last; STARTING while it has not written yet."""
    try:
        written: dict[str, Any] = json.loads((run_dir / FILE).read_text())
        processes = tuple(ProcessStatus(**each) for each in written.pop("processes"))
        status = ManagerStatus(**{**written, "state": SystemState(written["state"])})
    except (OSError, ValueError, TypeError, KeyError):
        return ManagerStatus(SystemState.STARTING, pid)
    return replace(status, processes=processes) if status.pid == pid else ManagerStatus(SystemState.STARTING, pid)
