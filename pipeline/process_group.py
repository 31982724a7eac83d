"""A process that leads a group of its own, does not outlive this one, and ends with all that it started."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline import launch


def launched(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that becomes `command` and ends with this process; see pipeline.launch."""
    return (sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *command)


def open_group(
    command: tuple[str, ...], environment: Mapping[str, str], folder: Path | None
) -> "subprocess.Popen[str]":
    """Start it; what it prints, errors included, comes from its `stdout`.

    environment: added to this process's own. Raises OSError.
    """
    return subprocess.Popen(
        launched(command),
        env={**os.environ, **environment},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )


def kill_group(pid: int) -> None:
    """Also after its leader has ended."""
    # EPERM: every member is a zombie (macOS).
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def exit_text(code: int) -> str:
    """`exit code 2` or `signal 9 (SIGKILL)`."""
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {-code} ({signal.Signals(-code).name})"
    return f"signal {-code}"
