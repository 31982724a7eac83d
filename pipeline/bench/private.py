"""Each row runs in a process and a doorbell of its own: one thread a library, an empty database, default settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.bench.errors import BenchError
from pipeline.bench.results import Figures
from pipeline.config import all_keys
from pipeline.configuration.installation import INSTALLATION
from pipeline.detector_advice import FETCH_COMMAND
from pipeline.processes import ONE_THREAD
from pipeline.vision.conversion import ensure_cnn, ensure_encoder, ensure_yunet
from pipeline.vision.errors import ModelError
from pipeline.vision.model_download import YUNET, fetch, is_installed

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ROW_WITHIN_S = 1800.0
TAIL_LINES = 15
# Read as numbers, which an empty variable is none of.
NUMBERS = ("CLAIM_LEASE_S", "MAX_PICTURE_BYTES", "MAX_PICTURE_PIXELS")
# The doorbell's own, and what would spoil a measurement: debounced presses, the sweeper's second looks, and the old
# installation that `migrate` would fill the database from.
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
    "LEGACY_DATA_DIR": "",
    "LEGACY_TIMEZONE": "",
} | {variable.name: variable.default for variable in INSTALLATION if variable.name in NUMBERS}


@dataclass(frozen=True, slots=True)
class BenchModels:
    """folder: the converted networks. without_yunet: why it cannot be measured; empty where it can."""

    folder: Path
    without_yunet: str = ""


@contextmanager
def bench_models(models_dir: Path, yunet_from: Path | None) -> Iterator[BenchModels]:
    """A folder with the converted networks, and YuNet's where it is installed or in `yunet_from`.

    Raises ModelError where one of the others cannot be converted.
    """
    ensure_encoder(models_dir)
    ensure_cnn(models_dir)
    with tempfile.TemporaryDirectory(prefix="doorbell-bench-") as name:
        folder = Path(name) / "models"
        shutil.copytree(models_dir, folder)
        yield BenchModels(folder, _bring_yunet(folder, yunet_from))


def _bring_yunet(folder: Path, yunet_from: Path | None) -> str:
    """Return what keeps it away, or nothing."""
    if yunet_from is None and not is_installed(YUNET, folder):
        return f"yunet is not installed; `{FETCH_COMMAND}` brings it"
    try:
        if yunet_from is not None:
            fetch(YUNET, folder, source=yunet_from)
        ensure_yunet(folder)
    except ModelError as error:
        return str(error)
    return ""


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
    try:
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
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"measuring {request['row']} took longer than {ROW_WITHIN_S:g} s") from error
    return _answer_in(done, request["row"])


def _answer_in(done: subprocess.CompletedProcess[str], row: str) -> dict[str, Any]:
    """What the last line says; face_recognition ends a process with exit code 0 where its models are missing."""
    if done.returncode == 0:
        with suppress(ValueError, IndexError):
            answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return answer
    tail = "\n  ".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
    raise BenchError(f"measuring {row} ended with exit code {done.returncode}:\n  {tail}")
