"""manage.py fetch_models"""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from pipeline.vision.conversion import YUNET_FILE
from pipeline.vision.model_download import YUNET


@pytest.fixture
def models_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path / "models"


def fetch_models(*words: str) -> str:
    out = StringIO()
    call_command("fetch_models", *words, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("file_name", ["", YUNET.file_name])
def test_the_model_is_taken_from_a_folder_or_a_file_and_made_ready(
    models_dir: Path, shared: Path, file_name: str
) -> None:
    told = fetch_models("--from", str(shared / "models" / file_name))
    assert f"{models_dir / YUNET.file_name} is installed; license: MIT." in told
    assert "set DETECTOR=yunet to use it" in told
    assert (models_dir / YUNET_FILE).is_file()


def test_a_second_call_needs_no_source(models_dir: Path, shared: Path) -> None:
    fetch_models("--from", str(shared / "models"))
    assert "was there already" in fetch_models()


def test_where_yunet_is_in_use_no_advice_is_given(models_dir: Path, shared: Path, settings: Settings) -> None:
    settings.DETECTOR = "yunet"
    assert "DETECTOR" not in fetch_models("--from", str(shared / "models"))


def test_another_file_is_refused_and_nothing_is_left(models_dir: Path, tmp_path: Path) -> None:
    other = tmp_path / YUNET.file_name
    other.write_bytes(b"x" * YUNET.size_bytes)
    with pytest.raises(CommandError, match="its sha256 is"):
        fetch_models("--from", str(other))
    assert not (models_dir / YUNET.file_name).exists()


def test_a_path_that_is_not_there_is_an_error_that_names_it(models_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere.* cannot be copied: No such file or directory"):
        fetch_models("--from", str(tmp_path / "nowhere"))


def test_an_address_that_does_not_answer_is_an_error(models_dir: Path) -> None:
    with pytest.raises(CommandError, match=r"face_detection_yunet_2023mar\.onnx could not be downloaded"):
        fetch_models("--url", "ftp://127.0.0.1/model")
