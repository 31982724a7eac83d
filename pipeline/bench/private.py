"""Each row runs in a process and a doorbell of its own: one thread a library, an empty database, default settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.bench.errors import BenchError
from pipeline.bench.results import Figures
from pipeline.config import all_keys
from pipeline.processes import ONE_THREAD
from pipeline.vision.conversion import ensure_cnn, ensure_encoder, ensure_yunet
from pipeline.vision.model_download import YUNET, fetch

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ROW_WITHIN_S = 1800.0
TAIL_LINES = 15
# The doorbell's own, and what would spoil a measurement: debounced presses, the sweeper's second looks.
SURROUNDINGS = {
    "DJANGO_SETTINGS_MODULE": "doorbell_site.settings",
    "DATABASE_URL": "",
    "CELERY_BROKER_URL": "",
    "DOORBELL_CONFIG": "",
    "DOORBELL_PRESET": "",
    "DOORBELL_VERBOSE": "0",
    "DEBUG": "false",
    "DEBOUNCE_TIME": "0",
    "SWEEP_INTERVAL_S": "3600",
}


@contextmanager
def bench_models(models_dir: Path, yunet_from: Path | None) -> Iterator[Path]:
    """A folder with the converted networks, and YuNet's where it is installed or in `yunet_from`. Raises ModelError."""
    ensure_encoder(models_dir)
    ensure_cnn(models_dir)
    with tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name:
        folder = Path(name) / "models"
        shutil.copytree(models_dir, folder)
        if yunet_from is not None:
            fetch(YUNET, folder, source=yunet_from)
        if has_yunet(folder):
            ensure_yunet(folder)
        yield folder


def has_yunet(models_dir: Path) -> bool:
    return (models_dir / YUNET.file_name).is_file()


def measure_privately(row: str, models_dir: Path, media: Path | None, detector: str) -> Figures:
    """Raises BenchError where the row cannot be measured, with the reason."""
    request = {"row": row, "media": media and str(media), "detector": detector}
    with tempfile.TemporaryDirectory(prefix="doorbell-bench-", dir=models_dir.parent) as name:
        (Path(name) / "models").symlink_to(models_dir)
        answer = _ask(request, environment(Path(name), detector))
    if "reason" in answer:
        raise BenchError(answer["reason"])
    return Figures(**answer)


def environment(var_dir: Path, detector: str) -> dict[str, str]:
    """This process's environment without any setting of its doorbell; empty variables also hide those of `.env`."""
    unset = dict.fromkeys((name for key in all_keys() for name in key.rule.env), "")
    chosen = {"DOORBELL_VAR": str(var_dir), "DETECTOR": detector}
    return os.environ | unset | ONE_THREAD | SURROUNDINGS | chosen


def _ask(request: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "pipeline.bench"]
    done = subprocess.run(
        command,
        input=json.dumps(request),
        env=variables,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=ROW_WITHIN_S,
        check=False,
    )
    if done.returncode:
        tail = "\n  ".join(done.stderr.splitlines()[-TAIL_LINES:])
        raise BenchError(f"measuring {request['row']} ended with exit code {done.returncode}:\n  {tail}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
