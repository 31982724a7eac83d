import numpy as np
import pytest

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.pyramid import Layout, Level, tiled_layout, tiled_picture, to_picture


def rectangles_apart(layout: Layout) -> bool:
    """No two levels share a pixel, and each lies inside the tiled picture."""
    owner = np.zeros((layout.height, layout.width), int)
    for level in layout.levels:
        owner[level.top : level.top + level.height, level.left : level.left + level.width] += 1
    return bool(owner.max() == 1 and owner.sum() == sum(level.width * level.height for level in layout.levels))


def test_the_layout_of_a_vga_picture_is_dlibs() -> None:
    layout = tiled_layout(640, 480)
    assert (layout.width, layout.height, len(layout.levels)) == (662, 1782, 24)
    assert layout.levels[0] == Level(11, 11, 640, 480)
    assert layout.levels[1] == Level(11, 501, 533, 400)


@pytest.mark.parametrize(
    ("width", "height"), [(640, 480), (480, 640), (1280, 720), (97, 53), (5, 5), (1, 1), (3000, 8)]
)
def test_levels_never_overlap(width: int, height: int) -> None:
    assert rectangles_apart(tiled_layout(width, height))


def test_every_level_shows_the_picture_and_the_rest_the_background(astronaut: UInt8Array) -> None:
    layout = tiled_layout(512, 512)
    tiles = tiled_picture(astronaut, layout, (123, 117, 104))
    assert np.array_equal(tiles[11:523, 11:523], astronaut)
    assert (tiles[:11] == (123, 117, 104)).all()
    for level in layout.levels[1:8]:
        shown = tiles[level.top : level.top + level.height, level.left : level.left + level.width]
        # Corner falls on corner at every level.
        assert np.abs(shown[0, 0].astype(int) - astronaut[0, 0]).max() <= 4
        assert np.abs(shown.mean(axis=(0, 1)) - astronaut.mean(axis=(0, 1))).max() < 3


def test_a_place_in_the_picture_itself_stays_there() -> None:
    assert to_picture(tiled_layout(640, 480), 111, 61) == (100, 50, 1)


def test_a_place_in_a_reduction_goes_back_to_the_picture() -> None:
    layout = tiled_layout(640, 480)
    level = layout.levels[2]
    x, y, magnification = to_picture(layout, level.left + 100, level.top + 50)
    assert magnification == pytest.approx(1.44)
    assert (x, y) == pytest.approx((100 * 1.44 + 0.66, 50 * 1.44 + 0.66))


def test_a_place_between_the_levels_belongs_to_the_nearest() -> None:
    layout = tiled_layout(640, 480)
    assert to_picture(layout, 300, 11 + 480 + 2)[2] == 1
    assert to_picture(layout, 300, 501 - 2)[2] == pytest.approx(1.2)
