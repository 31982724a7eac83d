"""Networks are made apart from the manager, which runs for months."""

import subprocess
from pathlib import Path

import pytest
from pytest_django import Settings

from pipeline.manager import networks, preparing
from pipeline.manager.networks import make_networks
from pipeline.vision import conversion
from pipeline.vision.conversion import CNN_FILE
from pipeline.vision.errors import ModelError


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_DIR = tmp_path
    settings.DETECTOR, settings.DETECTOR_TYPE, settings.ENCODER = "cnn", "cpu", "reference"


def refuse(*_words: object, **_more: object) -> None:
    pytest.fail("this was not to happen in this process")


def test_a_network_is_made_in_a_process_of_its_own_and_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "_convert", refuse)
    assert make_networks() == ["cnn"]
    assert (tmp_path / CNN_FILE).is_file()
    monkeypatch.setattr(subprocess, "run", refuse)
    assert make_networks() == []


def test_its_trouble_is_told_as_if_it_had_come_up_here(settings: Settings, tmp_path: Path) -> None:
    settings.DETECTOR = "yunet"
    with pytest.raises(ModelError) as refused:
        make_networks()
    assert str(refused.value) == (
        f"the yunet detector needs {tmp_path / 'face_detection_yunet_2023mar.onnx'}; "
        "run `./doorbell manage fetch_models`, or set detector to hog or cnn"
    )


def test_a_gpu_is_asked_for_at_the_start_though_nothing_is_to_be_made(settings: Settings) -> None:
    settings.DETECTOR, settings.DETECTOR_TYPE = "hog", "gpu"
    with pytest.raises(ModelError, match="the hog detector cannot run on a GPU; set detector to cnn or yunet"):
        make_networks()


def test_a_process_that_was_killed_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: subprocess.CompletedProcess[str] = subprocess.CompletedProcess([], -9, "", "one\ntwo\n")
    monkeypatch.setattr(networks, "_ask_maker", lambda _detector_type: killed)
    with pytest.raises(ModelError) as refused:
        make_networks()
    assert str(refused.value) == (
        "the process that makes cnn ready ended with signal 9 (SIGKILL); "
        "it needs about 250 MB of free memory for some seconds\n  one\n  two"
    )


@pytest.mark.django_db
def test_what_was_made_is_said(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    said: list[str] = []
    monkeypatch.setattr(preparing, "make_networks", lambda: ["encoder", "cnn"])
    preparing.prepare(said.append)
    assert said == [
        f"Everything is kept in {settings.VAR_DIR}",
        "The face encoder was converted and compared with the original.",
        "The cnn detector was converted.",
    ]
