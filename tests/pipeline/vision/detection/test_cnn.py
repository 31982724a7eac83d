from pathlib import Path

import cv2
import dlib
import numpy as np
import onnx
import pytest

from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.conversion import CNN_FILE, ENCODER_FILE
from pipeline.vision.detection.cnn import CnnDetector
from pipeline.vision.dlib_network import read_network
from pipeline.vision.errors import ModelError
from pipeline.vision.geometry import Box
from pipeline.vision.mmod_graph import mmod_graph
from pipeline.vision.model_files import MMOD, RESNET, model_file
from tests.pipeline.vision.conftest import rgb


@pytest.fixture(scope="module")
def detector(models_dir: Path) -> CnnDetector:
    return CnnDetector(models_dir / CNN_FILE)


@pytest.fixture(scope="module")
def reference() -> dlib.cnn_face_detection_model_v1:
    return dlib.cnn_face_detection_model_v1(str(model_file(MMOD)))


def small(frame: UInt8Array) -> UInt8Array:
    scale = 320 / max(frame.shape[:2])
    return np.asarray(cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def assert_same_faces(detector: CnnDetector, reference: dlib.cnn_face_detection_model_v1, frame: UInt8Array) -> int:
    expected = reference(frame, 0)
    found = detector.detect(frame, min_face_px=80)
    assert len(found) == len(expected)
    for face, detection in zip(expected, found, strict=True):
        box = Box(face.rect.top(), face.rect.right(), face.rect.bottom(), face.rect.left())
        assert detection.box.iou(box) >= 0.95
        assert detection.score == pytest.approx(face.confidence, abs=0.01)
    return len(found)


def test_the_faces_and_scores_are_dlibs(
    detector: CnnDetector, reference: dlib.cnn_face_detection_model_v1, portrait_frames: list[UInt8Array]
) -> None:
    for frame in portrait_frames:
        assert assert_same_faces(detector, reference, np.ascontiguousarray(frame[:400, 100:420])) == 1


def test_the_faces_of_every_photograph_at_hand_are_dlibs(
    detector: CnnDetector, reference: dlib.cnn_face_detection_model_v1, shared: Path
) -> None:
    faces = sum(
        assert_same_faces(detector, reference, small(rgb(path))) for path in sorted((shared / "media/visits").iterdir())
    )
    assert faces >= 2


@pytest.mark.parametrize("min_face_px", [60, 120, 160])
def test_a_scaled_frame_gives_boxes_in_pixels_of_the_whole_one(
    detector: CnnDetector, grace_hopper: UInt8Array, face_boxes: list[Box], min_face_px: int
) -> None:
    (found,) = detector.detect(grace_hopper, min_face_px=min_face_px)
    assert found.box.iou(face_boxes[0]) > 0.6


def test_a_frame_without_faces_gives_none(detector: CnnDetector) -> None:
    assert detector.detect(np.full((120, 160, 3), 127, np.uint8), min_face_px=80) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (39, 39, 3), (40, 40, 3), (500, 41, 3)])
def test_a_frame_too_small_for_a_face_gives_none(detector: CnnDetector, shape: tuple[int, int, int]) -> None:
    assert detector.detect(np.zeros(shape, np.uint8), min_face_px=80) == []


def test_swapped_colours_are_noticed(detector: CnnDetector, grace_hopper: UInt8Array) -> None:
    (found,) = detector.detect(grace_hopper, min_face_px=160)
    swapped = detector.detect(grace_hopper[..., ::-1], min_face_px=160)
    assert [detection.score for detection in swapped] != pytest.approx([found.score], abs=0.02)


def test_a_rolled_head_is_found_and_aligned(detector: CnnDetector, grace_hopper: UInt8Array) -> None:
    rolled = np.asarray(cv2.warpAffine(grace_hopper, cv2.getRotationMatrix2D((268, 245), 30, 1), (512, 600)), np.uint8)
    found = detector.detect(rolled, min_face_px=120)
    assert found
    assert Aligner().chip(rolled, found[0].box).any()


def test_a_model_without_geometry_is_refused(models_dir: Path) -> None:
    with pytest.raises(ModelError, match="does not say what its scores mean; delete it"):
        CnnDetector(models_dir / ENCODER_FILE)


def test_the_converted_network_takes_any_picture_and_only_blocks_of_sixteen_filters(models_dir: Path) -> None:
    model = onnx.load(models_dir / CNN_FILE)
    dimensions = model.graph.input[0].type.tensor_type.shape.dim
    assert [dimension.dim_param or dimension.dim_value for dimension in dimensions] == ["batch", "rows", "columns", 3]
    weights = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    assert [weights[node.input[1]][0] % 16 for node in model.graph.node if node.op_type == "Conv"] == [0] * 6


def test_the_recognition_network_is_refused_as_a_detector() -> None:
    with pytest.raises(
        ModelError, match="the network is built otherwise than expected: Convolution wanted, Pool found"
    ):
        mmod_graph(read_network(model_file(RESNET)))
