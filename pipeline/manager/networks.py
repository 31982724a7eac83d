"""The networks that the workers will load, made in a process of its own before anything starts.

Converting and comparing them takes 150 MB, which a process that runs for months would keep.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from django.conf import settings

from pipeline.configured import current_config
from pipeline.process_group import exit_text, launched
from pipeline.processes import ONE_THREAD, REPOSITORY
from pipeline.vision.conversion import missing_models
from pipeline.vision.errors import ModelError

TAIL_LINES = 5


def make_networks() -> list[str]:
    """Have what the settings need and the folder lacks made; return its names (see `missing_models`).

    No process is started where there is nothing to do. Raises ModelError, also where a GPU is asked for and there is
    none.
    """
    missing = missing_models(settings.MODELS_DIR, detector=settings.DETECTOR, encoder=settings.ENCODER)
    # Where other machines detect, the GPU is theirs.
    detector_type = settings.DETECTOR_TYPE if current_config().pipeline_config.face_detection.enabled else "cpu"
    if not missing and detector_type == "cpu":
        return []
    done = _ask_maker(detector_type)
    answer = _last_answer(done.stdout)
    if "error" in answer:
        raise ModelError(answer["error"])
    if done.returncode != 0 or "made" not in answer:
        raise ModelError(_why_it_ended(missing, done))
    made: list[str] = answer["made"]
    return made


def _ask_maker(detector_type: str) -> subprocess.CompletedProcess[str]:
    """The process leads a session of its own: a Ctrl-C at the terminal reaches this one, which then kills it."""
    asked = {
        "models_dir": str(settings.MODELS_DIR),
        "detector": settings.DETECTOR,
        "detector_type": detector_type,
        "encoder": settings.ENCODER,
        "encoding_model": settings.ENCODING_MODEL,
    }
    return subprocess.run(
        launched((sys.executable, "-m", "pipeline.vision.making")),
        input=json.dumps(asked),
        env=os.environ | ONE_THREAD,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )


def _last_answer(printed: str) -> dict[str, Any]:
    lines = printed.splitlines()
    try:
        answer: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        return {}
    return answer


def _why_it_ended(missing: list[str], done: subprocess.CompletedProcess[str]) -> str:
    tail = "".join(f"\n  {line}" for line in done.stderr.splitlines()[-TAIL_LINES:])
    return (
        f"the process that makes {', '.join(missing) or 'the engine'} ready ended with {exit_text(done.returncode)}; "
        f"it needs about 250 MB of free memory for some seconds{tail}"
    )
