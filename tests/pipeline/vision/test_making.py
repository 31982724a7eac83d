"""The process that makes what an engine needs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.vision import sessions
from pipeline.vision.conversion import CNN_FILE, missing_models
from pipeline.vision.engine import EngineConfig
from pipeline.vision.errors import ModelError
from pipeline.vision.making import make_models
from tests.conftest import REPOSITORY


def made_by_a_process(**config: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.vision.making"],
        input=json.dumps(config),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_what_is_missing_is_made_once(tmp_path: Path) -> None:
    config = {"models_dir": str(tmp_path), "detector": "cnn", "encoder": "reference"}
    assert made_by_a_process(**config) == (0, {"made": ["cnn"]})
    assert (tmp_path / CNN_FILE).is_file()
    assert made_by_a_process(**config) == (0, {"made": []})


def test_what_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    code, answer = made_by_a_process(models_dir=str(tmp_path), detector="yunet", encoder="reference")
    assert code == 1
    assert answer["error"].startswith(f"the yunet detector needs {tmp_path / 'face_detection_yunet_2023mar.onnx'}; run")


def test_a_gpu_that_is_not_there_is_said_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "GPU_PROVIDERS", ())
    with pytest.raises(ModelError, match="detector_type is gpu, but ONNX Runtime offers only"):
        make_models(EngineConfig(tmp_path, detector="cnn", detector_type="gpu", encoder="reference"))
    assert list(tmp_path.iterdir()) == []


def test_only_what_the_configuration_uses_can_be_missing(tmp_path: Path, models_dir: Path) -> None:
    assert missing_models(tmp_path, detector="hog", encoder="reference") == []
    assert missing_models(tmp_path, detector="hog", encoder="onnx") == ["encoder"]
    assert missing_models(tmp_path, detector="cnn", encoder="onnx") == ["encoder", "cnn"]
    assert missing_models(tmp_path, detector="yunet", encoder="reference") == ["yunet"]
    assert missing_models(models_dir, detector="cnn", encoder="onnx") == []
