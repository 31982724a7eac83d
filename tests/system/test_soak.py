"""manage.py soak with few presses; what it takes to trust the numbers of many."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.system.doorbell import share_networks

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
KEYS = ["presses", "decided", "lost", "duplicated", "restarts", "p50_ms", "p95_ms"]


def test_of_presses_between_kills_none_is_lost_and_none_decided_twice() -> None:
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:  # short, for the broker's socket
        share_networks(Path(folder) / "soak")
        done = subprocess.run(
            [sys.executable, "manage.py", "soak", "--presses", "12", "--seed", "3"],
            cwd=REPOSITORY,
            env={**os.environ, "DOORBELL_VAR": folder},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stderr.startswith(f"seed 3, in {folder}/soak")
    result = json.loads(done.stdout)
    assert list(result) == KEYS
    assert (result["presses"], result["decided"], result["lost"], result["duplicated"]) == (12, 12, 0, 0)
    assert 0 < result["p50_ms"] <= result["p95_ms"]
