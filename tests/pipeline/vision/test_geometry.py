import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vision.geometry import Box

edges = st.integers(-5000, 5000)
boxes = st.builds(
    lambda top, left, height, width: Box(top, left + width, top + height, left),
    edges,
    edges,
    st.integers(0, 3000),
    st.integers(0, 3000),
)


@given(boxes, st.integers(1, 300), st.integers(1, 300))
def test_a_clipped_box_cuts_out_of_the_frame_just_what_lies_in_it(box: Box, height: int, width: int) -> None:
    inside = box.clipped(height, width)
    frame = np.zeros((height, width), np.uint8)
    rows, columns = np.ogrid[:height, :width]
    is_in_box = (rows >= box.top) & (rows < box.bottom) & (columns >= box.left) & (columns < box.right)

    frame[inside.top : inside.bottom, inside.left : inside.right] = 1

    assert np.array_equal(frame, is_in_box)
    assert min(inside.top, inside.left) >= 0
    assert (inside.bottom, inside.right) <= (height, inside.right) <= (height, width)
    assert inside.clipped(height, width) == inside


@given(boxes, boxes)
def test_overlap_is_a_share_and_the_same_both_ways(one: Box, other: Box) -> None:
    assert 0.0 <= one.iou(other) <= 1.0
    assert one.iou(other) == other.iou(one)
    assert one.iou(one) == (1.0 if one.area else 0.0)


@given(boxes, edges, edges)
def test_a_moved_box_keeps_its_size_and_comes_back(box: Box, right: int, down: int) -> None:
    moved = box.moved(right, down)
    assert (moved.width, moved.height) == (box.width, box.height)
    assert moved.moved(-right, -down) == box


@pytest.mark.parametrize(
    ("other", "expected"),
    [(Box(0, 10, 10, 0), 1.0), (Box(0, 15, 10, 5), 1 / 3), (Box(0, 20, 10, 10), 0.0), (Box(20, 10, 30, 0), 0.0)],
)
def test_overlap_is_the_shared_area_over_that_of_both(other: Box, expected: float) -> None:
    assert Box(0, 10, 10, 0).iou(other) == pytest.approx(expected)


def test_a_scaled_box_is_rounded_to_pixels() -> None:
    assert Box(1, 11, 21, 3).scaled(1.5) == Box(2, 16, 32, 4)
