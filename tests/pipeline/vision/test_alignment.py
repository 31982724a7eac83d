import dlib
import numpy as np
import pytest

from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from tests.pipeline.vision.reference import face_recognition


@pytest.mark.parametrize(("model", "points"), [("small", 5), ("large", 68)])
def test_landmarks_are_those_of_face_recognition(
    portrait_frames: list[UInt8Array], face_boxes: list[Box], model: str, points: int
) -> None:
    aligner = Aligner(model)
    for frame, box in zip(portrait_frames, face_boxes, strict=True):
        css = (box.top, box.right, box.bottom, box.left)
        expected = face_recognition.api._raw_face_landmarks(frame, [css], model)[0]
        landmarks = aligner.landmarks(frame, box)
        assert landmarks.shape == (points, 2)
        assert np.array_equal(landmarks, [(point.x, point.y) for point in expected.parts()])


@pytest.mark.parametrize("model", ["small", "large"])
def test_a_chip_cut_from_landmarks_is_the_chip_cut_from_the_box(
    grace_hopper: UInt8Array, face_boxes: list[Box], model: str
) -> None:
    aligner = Aligner(model)
    chip = aligner.chip(grace_hopper, face_boxes[0])
    assert chip.shape == (150, 150, 3)
    assert np.array_equal(chip, aligner.chip(grace_hopper, aligner.landmarks(grace_hopper, face_boxes[0])))


def test_a_view_with_swapped_colours_is_aligned_too(grace_hopper: UInt8Array, face_boxes: list[Box]) -> None:
    bgr = np.ascontiguousarray(grace_hopper[:, :, ::-1])
    aligner = Aligner()
    assert np.array_equal(aligner.chip(bgr[:, :, ::-1], face_boxes[0]), aligner.chip(grace_hopper, face_boxes[0]))


def test_a_box_beyond_the_frame_still_gives_a_whole_chip(grace_hopper: UInt8Array, face_boxes: list[Box]) -> None:
    face = face_boxes[0]
    cut = grace_hopper[face.top + 20 :, face.left + 10 :]
    chip = Aligner().chip(cut, Box(-20, face.width - 10, face.height - 20, -10))
    assert chip.shape == (150, 150, 3)
    assert chip.any()


def test_a_box_far_from_the_frame_gives_a_black_chip(grace_hopper: UInt8Array) -> None:
    assert not Aligner().chip(grace_hopper, Box(-9000, -8900, -8900, -9000)).any()


def test_a_box_without_area_is_refused(grace_hopper: UInt8Array) -> None:
    with pytest.raises(ValueError, match=r"Box\(top=5, right=5, bottom=9, left=5\) has no area"):
        Aligner().landmarks(grace_hopper, Box(5, 5, 9, 5))


def test_landmarks_of_another_model_are_refused(grace_hopper: UInt8Array, face_boxes: list[Box]) -> None:
    five = Aligner("small").landmarks(grace_hopper, face_boxes[0])
    with pytest.raises(ValueError, match=r"landmarks of shape \(5, 2\); the large model has 68 points"):
        Aligner("large").chip(grace_hopper, five)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(ValueError, match="encoding model 'medium' is not known; use one of small, large"):
        Aligner("medium")


def test_the_large_predictor_is_read_only_when_asked_for(
    grace_hopper: UInt8Array, face_boxes: list[Box], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def predictor(path: str) -> dlib.shape_predictor:
        loaded.append(path)
        return original(path)

    original = dlib.shape_predictor
    monkeypatch.setattr(dlib, "shape_predictor", predictor)
    aligner = Aligner("small")
    aligner.chip(grace_hopper, face_boxes[0])
    aligner.chip(grace_hopper, face_boxes[0])
    assert [path.endswith("shape_predictor_5_face_landmarks.dat") for path in loaded] == [True]
