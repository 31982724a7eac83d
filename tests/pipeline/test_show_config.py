import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from pipeline.config import OrchestratorConfig, all_keys
from pipeline.detector_advice import detector_advice
from pipeline.vision.model_download import YUNET

FETCH = "`./doorbell manage fetch_models` brings it; then set DETECTOR=yunet."


def show(*words: str) -> str:
    out = StringIO()
    call_command("show_config", *words, stdout=out)
    return out.getvalue()


def show_json(*words: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(show("--json", *words))
    return report


def test_every_setting_is_shown_with_its_source() -> None:
    report = show_json()
    assert set(report["settings"]) == {key.path for key in all_keys()}
    assert report["settings"]["cpu_threshold"] == {"value": 80.0, "source": "default"}
    assert any(line.split() == ["face_recognition.tolerance", "0.6", "default"] for line in show().splitlines())


def test_a_preset_and_a_file_can_be_tried_out(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"cpu_threshold": 66, "pipeline_config": {"face_detection": {"batch_size": 2}}}')
    report = show_json("--config", str(file), "--preset", "raspberry_pi")
    assert report["preset"] == "raspberry_pi"
    assert report["settings"]["cpu_threshold"] == {"value": 66.0, "source": f"file {file}"}
    assert report["settings"]["face_detection.worker_count"]["source"] == "preset raspberry_pi"
    assert report["warnings"] == [
        "face_detection.batch_size is not used any more; in its place: "
        "pictures are worked on one by one, the newest press first; there are no batches"
    ]
    assert "Warning: face_detection.batch_size is not used any more" in show("--config", str(file))


def test_secrets_are_masked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    monkeypatch.setenv("DATABASE_URL", "postgres://door:s3cret@db/doorbell")
    settings.DOORBELL = OrchestratorConfig.from_dict(environ={"METRICS_TOKEN": "s3cret"})
    report = show_json()
    assert report["settings"]["monitoring.metrics_token"] == {
        "value": "********",
        "source": "environment METRICS_TOKEN",
    }
    assert report["installation"]["DATABASE_URL"]["value"] == "postgres://********@db/doorbell"
    assert "s3cret" not in json.dumps(report) + show()


def test_a_wrong_file_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"cpu_treshold": 1}')
    with pytest.raises(CommandError, match="there is no setting cpu_treshold; did you mean cpu_threshold"):
        show("--config", str(file))


def test_without_yunet_it_says_what_that_would_gain_and_the_command(settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_DIR = tmp_path
    assert FETCH in show()
    assert detector_advice(tmp_path, "hog").endswith(FETCH)
    (tmp_path / YUNET.file_name).touch()
    assert detector_advice(tmp_path, "hog").endswith("It is installed; set DETECTOR=yunet to use it.")
    assert detector_advice(tmp_path, "yunet") == ""
