import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import onnx
import pytest

from pipeline.vision import conversion, equality
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.conversion import CNN_FILE, ENCODER_FILE, ensure_cnn, ensure_encoder
from pipeline.vision.errors import ModelError


@pytest.fixture
def no_building(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(*arguments: object) -> None:
        pytest.fail("a model was converted although it was there")

    monkeypatch.setattr(conversion, "_build_encoder", build)
    monkeypatch.setattr(conversion, "_build_cnn", build)


@pytest.fixture
def own_models(models_dir: Path, tmp_path: Path) -> Path:
    """A copy of the converted detector that a test may spoil."""
    for path in (models_dir / CNN_FILE, models_dir / CNN_FILE.replace(".onnx", ".json")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_the_folder_is_made_and_holds_models_and_stamps_only(models_dir: Path) -> None:
    names = {path.name for path in models_dir.iterdir() if not path.name.startswith(".")}
    assert names == {"face_encoder.onnx", "face_encoder.json", "face_detector_cnn.onnx", "face_detector_cnn.json"}
    assert not list(models_dir.glob("*.part"))


def test_the_encoder_takes_any_number_of_chips(models_dir: Path) -> None:
    graph = onnx.load(models_dir / ENCODER_FILE).graph
    dimensions = graph.input[0].type.tensor_type.shape.dim
    assert [dimension.dim_param or dimension.dim_value for dimension in dimensions] == ["batch", 150, 150, 3]
    assert not [node.op_type for node in graph.node if node.op_type == "BatchNormalization"]


@pytest.mark.usefixtures("no_building")
def test_a_converted_model_is_found_again(models_dir: Path) -> None:
    assert ensure_encoder(models_dir) == models_dir / ENCODER_FILE
    assert ensure_cnn(models_dir) == models_dir / CNN_FILE


@pytest.mark.usefixtures("no_building")
def test_a_source_that_was_only_touched_is_recognised_by_its_content(own_models: Path) -> None:
    stamp = own_models / "face_detector_cnn.json"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"source_mtime_ns": 0}))
    ensure_cnn(own_models)


@pytest.mark.parametrize(
    "outdated",
    [
        {"converter": 0},
        {"source_sha256": "0" * 64, "source_mtime_ns": 0},
        {"model_bytes": 1},
        {"unknown": 1},
    ],
)
def test_an_outdated_stamp_has_the_model_made_again(own_models: Path, outdated: dict[str, object]) -> None:
    stamp = own_models / "face_detector_cnn.json"
    good = json.loads(stamp.read_text())
    stamp.write_text(json.dumps(good | outdated))
    ensure_cnn(own_models)
    assert json.loads(stamp.read_text()) == good


@pytest.mark.parametrize("stamp_text", ["", "[]", "{}", "\x00"])
def test_a_damaged_stamp_has_the_model_made_again(own_models: Path, stamp_text: str) -> None:
    (own_models / "face_detector_cnn.json").write_text(stamp_text)
    (own_models / CNN_FILE).write_bytes(b"half a model")
    onnx.checker.check_model(str(ensure_cnn(own_models)))


def test_an_encoder_unlike_dlibs_never_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "MAX_DIFFERENCE", 0.0)
    with pytest.raises(ModelError, match=r"differs from dlib's by .* set encoder to reference"):
        ensure_encoder(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".lock"]


def test_given_chips_are_compared_too(models_dir: Path, portrait_chips: UInt8Array) -> None:
    assert equality.check_encoder(models_dir / ENCODER_FILE, portrait_chips) <= 1e-5


def test_the_chips_compared_are_always_the_same_and_hold_faces_where_portraits_are_installed() -> None:
    assert np.array_equal(equality.check_chips(), equality.check_chips())
    assert equality.check_chips().shape == (6, 150, 150, 3)


def test_noise_is_compared_where_no_portraits_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "PORTRAITS", (("package_of_nobody", "picture.jpg"),))
    assert equality.check_chips().shape == (4, 150, 150, 3)


def test_processes_that_need_a_model_at_once_convert_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        paths = pool.map(ensure_cnn, [tmp_path] * 3)
    assert set(paths) == {tmp_path / CNN_FILE}
    assert not list(tmp_path.glob("*.part"))
    onnx.checker.check_model(str(tmp_path / CNN_FILE))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_a_model_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ModelError, match="make its folder writable"):
        ensure_cnn(tmp_path / "models")


def test_a_folder_that_is_a_file_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(ModelError, match="make its folder writable"):
        ensure_cnn(tmp_path / "models")
