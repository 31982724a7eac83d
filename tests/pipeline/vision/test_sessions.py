import ctypes
from pathlib import Path

import pytest

from pipeline.vision.conversion import CNN_FILE
from pipeline.vision.errors import ModelError
from pipeline.vision.sessions import CPU, open_session, providers_for

CUDA = "CUDAExecutionProvider"


def test_the_cpu_is_always_there() -> None:
    assert providers_for("cpu") == ("CPUExecutionProvider",)


def test_a_gpu_is_taken_where_onnx_runtime_offers_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["TensorrtExecutionProvider", CUDA, *CPU])
    assert providers_for("gpu") == (CUDA, *CPU)


def test_a_gpu_that_is_not_there_is_an_error_that_says_what_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: list(CPU))
    with pytest.raises(ModelError, match="offers only CPUExecutionProvider; install the onnxruntime-gpu package"):
        providers_for("gpu")


def test_another_word_is_refused() -> None:
    with pytest.raises(ValueError, match="detector_type 'edgetpu' is not known; use cpu or gpu"):
        providers_for("edgetpu")


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_gpu_that_does_not_start_is_an_error_and_never_a_silent_cpu(models_dir: Path) -> None:
    with pytest.raises(ModelError, match=f"{CUDA} is installed but did not start"):
        open_session(models_dir / CNN_FILE, 1, (CUDA, *CPU))


def test_a_c_library_without_trimming_does_no_harm(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert open_session(models_dir / CNN_FILE).get_providers() == list(CPU)
