import numpy as np
import pytest

from pipeline.hardware.fakes import FakeClock
from pipeline.hardware.frames import Frame
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import encode_jpeg

RED = np.full((4, 6, 3), (255, 0, 0), np.uint8)


def frame_of(rgb: UInt8Array) -> Frame:
    return Frame.from_rgb(rgb, time_s=1.0, taken_at=FakeClock().now(), index=7)


def test_red_stays_red_through_a_frame() -> None:
    frame = frame_of(RED)

    assert frame.rgb()[0, 0].tolist() == [255, 0, 0]
    assert frame.bgr[0, 0].tolist() == [0, 0, 255]


def test_rgb_is_contiguous_and_the_callers_own() -> None:
    frame = frame_of(RED)

    picture = frame.rgb()
    picture[:] = 0

    assert picture.flags.c_contiguous
    assert frame.rgb().max() == 255


def test_frame_itself_cannot_be_painted_over() -> None:
    with pytest.raises(ValueError, match="read-only"):
        frame_of(RED).bgr[0, 0] = 0


def test_frame_knows_its_size_and_keeps_pixels_out_of_its_repr() -> None:
    frame = frame_of(RED)

    assert (frame.width, frame.height) == (6, 4)
    assert (
        repr(frame)
        == "Frame(time_s=1.0, taken_at=datetime.datetime(2025, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), index=7)"
    )


def test_a_frame_becomes_the_jpeg_that_its_rgb_would_become() -> None:
    frame = frame_of(RED)

    assert frame.jpeg(88) == encode_jpeg(frame.rgb(), 88)
