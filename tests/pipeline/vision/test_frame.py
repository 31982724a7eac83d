import numpy as np
import pytest

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.frame import contiguous_rgb


def test_a_frame_in_memory_order_is_not_copied(astronaut: UInt8Array) -> None:
    assert contiguous_rgb(astronaut) is astronaut


def test_a_view_with_negative_strides_is_copied_into_order(astronaut: UInt8Array) -> None:
    swapped = astronaut[:, :, ::-1]
    assert contiguous_rgb(swapped).flags.c_contiguous
    assert (contiguous_rgb(swapped) == swapped).all()


@pytest.mark.parametrize(
    "frame",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_pictures_are_refused_with_their_shape(frame: UInt8Array) -> None:
    with pytest.raises(ValueError, match=r"a frame is \(height, width, 3\) uint8 RGB, not \("):
        contiguous_rgb(frame)
