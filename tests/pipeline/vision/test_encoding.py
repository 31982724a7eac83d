from pathlib import Path

import numpy as np
import pytest

from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.conversion import ENCODER_FILE
from pipeline.vision.encoding import MAX_BATCH, OnnxEncoder, ReferenceEncoder
from pipeline.vision.errors import ModelError
from pipeline.vision.geometry import Box
from tests.pipeline.vision.conftest import rgb
from tests.pipeline.vision.reference import face_recognition


@pytest.fixture(scope="module")
def encoder(models_dir: Path) -> OnnxEncoder:
    return OnnxEncoder(models_dir / ENCODER_FILE)


@pytest.mark.parametrize("model", ["small", "large"])
def test_encodings_are_those_of_face_recognition(
    encoder: OnnxEncoder, portrait_frames: list[UInt8Array], face_boxes: list[Box], model: str
) -> None:
    aligner = Aligner(model)
    for frame, box in zip(portrait_frames, face_boxes, strict=True):
        css = (box.top, box.right, box.bottom, box.left)
        (expected,) = face_recognition.face_encodings(frame, [css], model=model)
        (encoding,) = encoder.encode(aligner.chip(frame, box)[None])
        assert np.abs(encoding - expected).max() <= 1e-5


def test_every_photograph_at_hand_is_encoded_as_face_recognition_does(encoder: OnnxEncoder, shared: Path) -> None:
    aligner, faces = Aligner(), 0
    for path in sorted((shared / "media" / "visits").iterdir()):
        frame = rgb(path)
        locations = face_recognition.face_locations(frame, number_of_times_to_upsample=0)
        for css, expected in zip(locations, face_recognition.face_encodings(frame, locations), strict=True):
            (encoding,) = encoder.encode(aligner.chip(frame, Box(*css))[None])
            assert np.abs(encoding - expected).max() <= 1e-5, path
            faces += 1
    assert faces >= 8


def test_both_encoders_agree_and_two_people_are_apart(encoder: OnnxEncoder, portrait_chips: UInt8Array) -> None:
    encodings = encoder.encode(portrait_chips)
    assert np.abs(encodings - ReferenceEncoder().encode(portrait_chips)).max() <= 1e-5
    assert np.linalg.norm(encodings[0] - encodings[1]) > 0.6


def test_swapped_colours_give_another_encoding(encoder: OnnxEncoder, portrait_chips: UInt8Array) -> None:
    swapped = encoder.encode(portrait_chips[..., ::-1])
    assert (np.linalg.norm(encoder.encode(portrait_chips) - swapped, axis=1) > 0.1).all()


def test_a_chip_is_encoded_the_same_alone_and_among_many(encoder: OnnxEncoder, portrait_chips: UInt8Array) -> None:
    many = np.repeat(portrait_chips, MAX_BATCH, axis=0)
    encodings = encoder.encode(many)
    assert encodings.shape == (2 * MAX_BATCH, 128)
    assert np.abs(encodings[-1] - encoder.encode(portrait_chips[1:])[0]).max() <= 1e-6


def test_the_same_chip_twice_gives_the_same_encoding(encoder: OnnxEncoder, portrait_chips: UInt8Array) -> None:
    assert np.array_equal(encoder.encode(portrait_chips), encoder.encode(portrait_chips))


@pytest.mark.parametrize("make", [lambda folder: OnnxEncoder(folder / ENCODER_FILE), lambda folder: ReferenceEncoder()])
def test_no_chips_give_no_encodings(models_dir: Path, make: type) -> None:
    encodings = make(models_dir).encode(np.empty((0, 150, 150, 3), np.uint8))
    assert encodings.shape == (0, 128)
    assert encodings.dtype == np.float32


@pytest.mark.parametrize(
    "chips", [np.zeros((150, 150, 3), np.uint8), np.zeros((1, 150, 150, 3)), np.zeros((1, 112, 112, 3), np.uint8)]
)
def test_other_shapes_are_refused(encoder: OnnxEncoder, chips: UInt8Array) -> None:
    with pytest.raises(ValueError, match=r"chips are \(N, 150, 150, 3\) uint8 RGB, not "):
        encoder.encode(chips)


def test_a_file_that_is_no_model_is_a_model_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"broken\.onnx cannot be loaded by ONNX Runtime"):
        OnnxEncoder(broken)


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no model at"):
        OnnxEncoder(tmp_path / "none.onnx")
