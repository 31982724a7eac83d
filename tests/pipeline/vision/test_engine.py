import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.engine import Engine, EngineConfig
from pipeline.vision.errors import ModelError
from tests.pipeline.vision.reference import face_recognition


def test_a_frame_becomes_an_encoding_that_is_face_recognitions(models_dir: Path, astronaut: UInt8Array) -> None:
    engine = Engine(EngineConfig(models_dir))
    (detection,) = engine.detect(astronaut, 70)
    box = detection.box
    chip = engine.chip(astronaut, engine.landmarks(astronaut, box))
    (expected,) = face_recognition.face_encodings(astronaut, [(box.top, box.right, box.bottom, box.left)])
    assert np.abs(engine.encode(chip[None])[0] - expected).max() <= 1e-5


def test_the_reference_encoder_stays_available(models_dir: Path, portrait_chips: UInt8Array) -> None:
    reference = Engine(EngineConfig(models_dir, encoder="reference")).encode(portrait_chips)
    assert np.abs(Engine(EngineConfig(models_dir)).encode(portrait_chips) - reference).max() <= 1e-5


@pytest.mark.parametrize(
    ("setting", "word"),
    [("detector", "haar"), ("detector_type", "tpu"), ("encoder", "arcface"), ("encoding_model", "medium")],
)
def test_an_unknown_word_is_refused_with_those_known(models_dir: Path, setting: str, word: str) -> None:
    with pytest.raises(ValueError, match=f"{setting} is '{word}'; use one of "):
        EngineConfig(models_dir, **{setting: word})  # type: ignore[arg-type]


def test_no_threads_are_refused(models_dir: Path) -> None:
    with pytest.raises(ValueError, match="threads is 0; at least 1 is needed"):
        EngineConfig(models_dir, threads=0)


def test_a_gpu_that_is_not_there_is_an_error_at_start(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ModelError, match="detector_type is gpu, but ONNX Runtime offers only CPUExecutionProvider"):
        Engine(EngineConfig(models_dir, detector="cnn", detector_type="gpu"))


def test_hog_on_a_gpu_is_an_error_at_start(models_dir: Path) -> None:
    with pytest.raises(ModelError, match="the hog detector cannot run on a GPU"):
        Engine(EngineConfig(models_dir, detector_type="gpu"))


def loaded_modules(code: str) -> set[str]:
    script = f"import sys\nfrom pathlib import Path\nimport numpy as np\n{code}\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_a_detection_worker_loads_no_encoder_and_a_recognition_worker_nothing_it_does_not_need(
    models_dir: Path,
) -> None:
    start = f"from pipeline.vision.engine import *\nengine = Engine(EngineConfig(Path({str(models_dir)!r})))\n"
    detecting = loaded_modules(start + "engine.detect(np.zeros((99, 99, 3), np.uint8), 80)")
    encoding = loaded_modules(start + "engine.encode(np.zeros((1, 150, 150, 3), np.uint8))")
    for modules in (detecting, encoding):
        assert not modules & {"face_recognition", "face_recognition_models", "onnx", "django", "celery"}
    assert "onnxruntime" not in detecting
    assert "onnxruntime" in encoding


def test_the_detector_named_in_the_configuration_is_used(models_dir: Path, grace_hopper: UInt8Array) -> None:
    found = {name: Engine(EngineConfig(models_dir, detector=name)).detect(grace_hopper, 120) for name in ("hog", "cnn")}
    assert len(found["hog"]) == len(found["cnn"]) == 1
    assert found["hog"][0].box != found["cnn"][0].box
    assert found["hog"][0].box.iou(found["cnn"][0].box) > 0.5


def test_a_detector_whose_file_was_not_fetched_is_an_error_when_it_is_loaded(tmp_path: Path) -> None:
    engine = Engine(EngineConfig(tmp_path, detector="yunet"))
    with pytest.raises(ModelError, match=r"the yunet detector needs .*fetch_models"):
        engine.load_detector()
