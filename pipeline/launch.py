"""Become a command that does not outlive the process which asked for it.

Run as a script, standard library only: `python -I -S launch.py PARENT_PID COMMAND…`. It stands between
the supervisor and every child because running Python between fork and exec of a process with threads
(`preexec_fn`) can deadlock.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOOK_INTERVAL_S = 0.5


def die_with_parent() -> None:
    """Have Linux kill this process when the thread that started it ends, however it ends.

    The setting survives exec, not fork: each process asks for itself.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def become(command: list[str], parent_pid: int) -> None:
    """Replace this process by `command`; on Linux the kernel ends it with its parent."""
    die_with_parent()
    if os.getppid() != parent_pid:  # the parent died before the call above
        os._exit(1)
    os.execvp(command[0], command)  # noqa: S606


def accompany(command: list[str], parent_pid: int) -> int:
    """Run `command` as a child and kill the whole group when the parent is gone; for other systems
    than Linux. Returns its exit code."""
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    while child.poll() is None:
        if os.getppid() != parent_pid:
            os.killpg(0, signal.SIGKILL)
        time.sleep(LOOK_INTERVAL_S)
    return child.returncode


def main(words: list[str]) -> int:
    parent_pid, command = int(words[0]), words[1:]
    if sys.platform != "linux":
        return accompany(command, parent_pid)
    try:
        become(command, parent_pid)
    except OSError as error:
        print(f"{command[0]} cannot be started: {error}", file=sys.stderr)  # noqa: T201
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
