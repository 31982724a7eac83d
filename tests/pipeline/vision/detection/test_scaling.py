import pytest

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.scaling import scaled_frame


@pytest.mark.parametrize("scale", [0.25, 0.5, 2.0])
def test_a_frame_is_resized_to_the_scale(astronaut: UInt8Array, scale: float) -> None:
    picture, real = scaled_frame(astronaut, scale)
    assert real == scale
    assert picture.shape == (512 * scale, 512 * scale, 3)


def test_a_scale_next_to_one_leaves_the_frame_alone(astronaut: UInt8Array) -> None:
    picture, real = scaled_frame(astronaut, 1.01)
    assert picture is astronaut
    assert real == 1.0


def test_a_frame_never_shrinks_to_nothing(astronaut: UInt8Array) -> None:
    assert scaled_frame(astronaut, 0.0001)[0].shape == (1, 1, 3)
