import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.process_group import exit_text, kill_group, open_group

PATIENCE_S = 20.0


@pytest.mark.parametrize(
    ("code", "text"), [(0, "exit code 0"), (2, "exit code 2"), (-9, "signal 9 (SIGKILL)"), (-99, "signal 99")]
)
def test_an_end_is_told_as_a_code_or_a_signal(code: int, text: str) -> None:
    assert exit_text(code) == text


PARENT = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; print('child', flush=True); time.sleep(600)"])
print("gone", file=sys.stderr)
"""


def test_the_group_of_a_process_that_has_ended_can_still_be_killed(tmp_path: Path) -> None:
    process = open_group((sys.executable, "-c", PARENT), {"SOME": "thing"}, tmp_path)
    assert process.stdout is not None
    with process.stdout as lines:
        assert process.wait(timeout=PATIENCE_S) == 0
        kill_group(process.pid)
        # The pipe ends when nobody holds it any more; the child would have for ten minutes.
        assert set(lines.read().split()) <= {"gone", "child"}


def test_a_group_that_is_gone_is_killed_without_harm() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    process.wait(timeout=PATIENCE_S)
    kill_group(process.pid)
