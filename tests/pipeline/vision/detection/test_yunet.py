from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx.numpy_helper import to_array

from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.conversion import ENCODER_FILE, ensure_yunet
from pipeline.vision.detection.hog import HogDetector
from pipeline.vision.detection.yunet import YunetDetector
from pipeline.vision.encoding import OnnxEncoder
from pipeline.vision.errors import ModelError
from pipeline.vision.model_download import YUNET, fetch
from pipeline.vision.yunet_graph import yunet_graph
from tests.pipeline.vision.conftest import rgb

SIZES = (1280, 640, 500, 320)


@pytest.fixture(scope="module")
def yunet_dir(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("yunet")
    fetch(YUNET, folder, source=shared / "models")
    return folder


@pytest.fixture(scope="module")
def detector(yunet_dir: Path) -> YunetDetector:
    return YunetDetector(ensure_yunet(yunet_dir))


@pytest.fixture(scope="module")
def photographs(shared: Path) -> list[UInt8Array]:
    return [rgb(path) for path in sorted((shared / "media" / "visits").iterdir())]


@pytest.fixture(scope="module")
def enrolled(shared: Path) -> list[UInt8Array]:
    """Eleven photographs of one person each, at the width of a doorbell's frame."""
    return [resized(rgb(path), 640) for path in sorted((shared / "media" / "enroll").rglob("*.*g"))]


def resized(frame: UInt8Array, width: int) -> UInt8Array:
    scale = width / frame.shape[1]
    return np.asarray(cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize("width", SIZES)
def test_faces_are_those_of_opencv(
    detector: YunetDetector, yunet_dir: Path, photographs: list[UInt8Array], width: int
) -> None:
    peer = cv2.FaceDetectorYN.create(str(yunet_dir / YUNET.file_name), "", (320, 320), 0.7, 0.3, 5000)
    for photograph in photographs:
        picture = resized(photograph, width)
        peer.setInputSize((picture.shape[1], picture.shape[0]))
        expected = peer.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
        found = detector.faces(picture)
        assert len(found) == (0 if expected is None else len(expected))
        # A thousandth of a pixel; the two runtimes sum in another order.
        assert expected is None or np.abs(found - expected).max() < 1e-3


@pytest.mark.parametrize("min_face_px", [24, 48])
def test_boxes_lie_where_hog_draws_them(detector: YunetDetector, enrolled: list[UInt8Array], min_face_px: int) -> None:
    assert len(enrolled) == 11
    for frame in enrolled:
        (expected,) = HogDetector().detect(frame, min_face_px=70)
        found = detector.detect(frame, min_face_px=min_face_px)
        assert found[0].box.iou(expected.box) > 0.55


def test_encodings_from_its_boxes_are_near_those_from_hogs(
    detector: YunetDetector, enrolled: list[UInt8Array], models_dir: Path
) -> None:
    encoder, aligner = OnnxEncoder(models_dir / ENCODER_FILE), Aligner()
    for frame in enrolled:
        boxes = [finder.detect(frame, min_face_px=70)[0].box for finder in (HogDetector(), detector)]
        first, second = encoder.encode(np.stack([aligner.chip(frame, box) for box in boxes]))
        assert np.linalg.norm(first - second) < 0.3


def test_a_face_that_fills_the_frame_is_found_once(detector: YunetDetector, grace_hopper: UInt8Array) -> None:
    close_up = resized(grace_hopper[100:390, 120:410], 1200)
    assert len(detector.detect(close_up, min_face_px=24)) == 1


def test_landmarks_lie_on_the_face_in_their_order(detector: YunetDetector, grace_hopper: UInt8Array) -> None:
    (found,) = detector.detect(grace_hopper, min_face_px=40)
    assert found.landmarks is not None
    left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks
    assert found.landmarks.shape == (5, 2)
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    expected = Aligner("large").landmarks(grace_hopper, found.box)
    assert np.linalg.norm(left_eye - expected[36:42].mean(axis=0)) < 12
    assert np.linalg.norm(right_eye - expected[42:48].mean(axis=0)) < 12


def test_swapped_colours_are_noticed(detector: YunetDetector, grace_hopper: UInt8Array) -> None:
    (found,) = detector.detect(grace_hopper, min_face_px=40)
    swapped = detector.detect(grace_hopper[..., ::-1], min_face_px=40)
    assert [detection.score for detection in swapped] != pytest.approx([found.score], abs=0.001)


@pytest.mark.parametrize("shape", [(1, 1, 3), (31, 33, 3), (240, 320, 3), (720, 1280, 3)])
def test_a_frame_without_faces_gives_none(detector: YunetDetector, shape: tuple[int, int, int]) -> None:
    assert detector.detect(np.full(shape, 90, np.uint8), min_face_px=40) == []


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"run `\./doorbell manage fetch_models`, or set detector to hog or cnn"):
        ensure_yunet(tmp_path)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / YUNET.file_name).write_bytes(b"\xff" * 100)
    with pytest.raises(ModelError, match="is not an ONNX file; fetch it again"):
        ensure_yunet(tmp_path)


def test_another_network_is_refused(models_dir: Path) -> None:
    with pytest.raises(ModelError, match="is not YuNet's network: 1 inputs, 1 outputs; fetch it again"):
        yunet_graph(models_dir / ENCODER_FILE)


def test_the_network_is_the_same_but_for_its_two_ends(yunet_dir: Path) -> None:
    before, after = onnx.load(yunet_dir / YUNET.file_name), onnx.load(ensure_yunet(yunet_dir))
    assert [node.op_type for node in after.graph.node[:2]] == ["Transpose", "Cast"]
    body = list(after.graph.node[2:-12])
    assert body == list(before.graph.node[: len(body)])
    first = before.graph.node[0].input[1]
    old, new = ({each.name: to_array(each) for each in model.graph.initializer} for model in (before, after))
    assert np.array_equal(new.pop(first), old.pop(first)[:, ::-1])
    names = {name for node in body for name in node.input} & old.keys()
    assert all(np.array_equal(new.pop(name), old[name]) for name in names)
    assert {name.split("_")[0] for name in new} == {"faces"}
