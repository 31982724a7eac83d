"""manage.py soak with few presses; what it takes to trust the numbers of many."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.conf import settings

from pipeline.vision.conversion import ensure_encoder
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
KEYS = ["presses", "decided", "lost", "duplicated", "restarts", "p50_ms", "p95_ms"]


def test_of_presses_between_kills_none_is_lost_and_none_decided_twice() -> None:
    models = ensure_encoder(settings.MODELS_DIR).parent
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:  # short, for the broker's socket
        (Path(folder) / "soak").mkdir(mode=0o700)
        (Path(folder) / "soak" / "models").symlink_to(models)
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
