"""The peer does what face_recognition does, and no less."""

import cv2
import numpy as np
import pytest

from pipeline.bench import peer
from pipeline.bench.scenes import read_picture
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from tests.conftest import Portraits
from tests.pipeline.vision.reference import face_recognition


@pytest.fixture(scope="module")
def frames(portraits: Portraits) -> list[UInt8Array]:
    """Small, for the sake of time."""
    pictures = [read_picture(path) for path in portraits]
    return [np.asarray(cv2.resize(each, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)) for each in pictures]


@pytest.fixture(scope="module")
def known(frames: list[UInt8Array]) -> peer.Encodings:
    return [face_recognition.face_encodings(frame)[0] for frame in frames]


def test_faces_are_located_with_one_upsampling_as_by_default(frames: list[UInt8Array]) -> None:
    for frame in frames:
        (found,) = peer.locate(frame)
        ((top, right, bottom, left),) = face_recognition.face_locations(frame)
        assert found == Box(top, right, bottom, left)


def test_it_is_told_where_the_face_is_and_encodes_it_there(frames: list[UInt8Array], known: peer.Encodings) -> None:
    for frame, expected in zip(frames, known, strict=True):
        (encoding,) = peer.encode(frame, peer.locate(frame))
        assert np.array_equal(encoding, expected)


def test_the_nearest_is_that_of_face_distance(known: peer.Encodings) -> None:
    assert peer.nearest(known, known[1]) == (1, 0.0)
    index, distance = peer.nearest(known[:1], known[1])
    assert index == 0
    assert distance == pytest.approx(np.linalg.norm(known[0] - known[1]))
    assert peer.nearest(np.array(known, np.float32), known[1].astype(np.float32)) == (1, 0.0)


def test_everybody_in_a_frame_is_recognised(frames: list[UInt8Array], known: peer.Encodings) -> None:
    both = np.zeros((320, 600, 3), np.uint8)
    for number, frame in enumerate(frames):
        both[: frame.shape[0], 300 * number : 300 * number + frame.shape[1]] = frame
    found = peer.recognize_once(both, known)
    # HOG also takes a badge on the suit for a face.
    assert {index for index, distance in found if distance <= peer.TOLERANCE} == {0, 1}
    assert peer.recognize_as_the_old_doorbell(both, known) == found


def test_the_old_doorbell_looks_twice_and_only_once_where_nobody_is(
    frames: list[UInt8Array], known: peer.Encodings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[UInt8Array] = []
    locate = peer.locate

    def counted(frame: UInt8Array) -> list[Box]:
        looked.append(frame)
        return locate(frame)

    monkeypatch.setattr(peer, "locate", counted)
    assert peer.recognize_as_the_old_doorbell(np.zeros((100, 100, 3), np.uint8), known) == []
    assert len(looked) == 1
    peer.recognize_as_the_old_doorbell(frames[0], known)
    assert len(looked) == 3
