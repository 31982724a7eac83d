import numpy as np
import pytest

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.scaling import resized, scaled_frame

MANY = 100_000_000


@pytest.mark.parametrize(("min_face_px", "side"), [(40, 1024), (80, 512), (160, 256), (320, 128)])
def test_the_smallest_face_wanted_gets_the_size_that_a_detector_needs(
    astronaut: UInt8Array, min_face_px: int, side: int
) -> None:
    picture, scale = scaled_frame(astronaut, reliable_px=80, min_face_px=min_face_px, max_pixels=MANY)
    assert picture.shape == (side, side, 3)
    assert scale == side / 512


def test_no_picture_gets_larger_than_its_limit(astronaut: UInt8Array) -> None:
    picture, scale = scaled_frame(astronaut, reliable_px=80, min_face_px=20, max_pixels=1024 * 1024)
    assert picture.shape == (1024, 1024, 3)
    assert scale == 2


def test_a_frame_above_the_limit_is_reduced_to_it() -> None:
    picture, scale = scaled_frame(np.zeros((100, 400, 3), np.uint8), reliable_px=1, min_face_px=16, max_pixels=10_000)
    assert picture.shape == (6, 25, 3)
    assert scale == 1 / 16
    picture, scale = scaled_frame(np.zeros((100, 400, 3), np.uint8), reliable_px=16, min_face_px=16, max_pixels=10_000)
    assert picture.shape == (50, 200, 3)


@pytest.mark.parametrize("min_face_px", [15, 0, -1])
def test_faces_too_small_to_recognise_are_refused(astronaut: UInt8Array, min_face_px: int) -> None:
    with pytest.raises(ValueError, match=f"min_face_px is {min_face_px}; at least 16 are needed"):
        scaled_frame(astronaut, reliable_px=80, min_face_px=min_face_px, max_pixels=MANY)


def test_a_scale_next_to_one_leaves_the_frame_alone(astronaut: UInt8Array) -> None:
    picture, real = resized(astronaut, 1.01)
    assert picture is astronaut
    assert real == 1.0


def test_a_frame_never_shrinks_to_nothing(astronaut: UInt8Array) -> None:
    assert resized(astronaut, 0.0001)[0].shape == (1, 1, 3)
