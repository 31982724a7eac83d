import cv2
import numpy as np
import pytest

from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.hog import HogDetector
from pipeline.vision.geometry import Box
from tests.pipeline.vision.reference import face_recognition


@pytest.fixture(scope="module")
def detector() -> HogDetector:
    return HogDetector()


def test_the_faces_are_those_that_face_recognition_finds(
    detector: HogDetector, portrait_frames: list[UInt8Array]
) -> None:
    for frame in portrait_frames:
        (expected,) = face_recognition.face_locations(frame, number_of_times_to_upsample=0)
        (found,) = detector.detect(frame, min_face_px=70)
        assert (found.box.top, found.box.right, found.box.bottom, found.box.left) == expected
        assert found.score > 1
        assert found.landmarks is None


@pytest.mark.parametrize("min_face_px", [40, 60, 120, 160])
def test_a_scaled_frame_gives_boxes_in_pixels_of_the_whole_one(
    detector: HogDetector, grace_hopper: UInt8Array, face_boxes: list[Box], min_face_px: int
) -> None:
    found = detector.detect(grace_hopper, min_face_px=min_face_px)
    assert found[0].box.iou(face_boxes[0]) > 0.7


def test_a_small_face_is_found_when_it_is_asked_for(detector: HogDetector, grace_hopper: UInt8Array) -> None:
    height, width = grace_hopper.shape[:2]
    small = np.asarray(cv2.resize(grace_hopper, (width // 4, height // 4), interpolation=cv2.INTER_AREA), np.uint8)
    assert len(detector.detect(small, min_face_px=35)) == 1
    assert detector.detect(small, min_face_px=70) == []


def test_a_frame_without_faces_gives_none(detector: HogDetector) -> None:
    assert detector.detect(np.full((240, 320, 3), 127, np.uint8), min_face_px=70) == []


def test_a_frame_smaller_than_any_face_gives_none(detector: HogDetector) -> None:
    assert detector.detect(np.zeros((1, 1, 3), np.uint8), min_face_px=400) == []


def test_a_view_with_negative_strides_is_searched_too(detector: HogDetector, grace_hopper: UInt8Array) -> None:
    assert len(detector.detect(grace_hopper[:, ::-1], min_face_px=70)) == 1


def test_a_face_cut_by_the_frame_has_a_box_that_can_be_aligned(detector: HogDetector, grace_hopper: UInt8Array) -> None:
    (whole,) = detector.detect(grace_hopper, min_face_px=70)
    cut = np.ascontiguousarray(grace_hopper[whole.box.top + 15 :])
    found = detector.detect(cut, min_face_px=70)
    assert found
    assert Aligner().chip(cut, found[0].box).shape == (150, 150, 3)


def test_the_surest_face_comes_first(detector: HogDetector, grace_hopper: UInt8Array, astronaut: UInt8Array) -> None:
    pair = np.zeros((612, 1024, 3), np.uint8)
    pair[:600, :512] = grace_hopper[:600]
    pair[:512, 512:] = astronaut
    scores = [detection.score for detection in detector.detect(pair, min_face_px=70)]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
