"""The tiled image pyramid that dlib's CNN detector looks at: a picture and its reductions, laid out in one.

Layout and sampling are those of create_tiled_pyramid and pyramid_down<6> in dlib's image_pyramid.h, so that scores
fall on the same places as dlib's.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.vision.arrays import UInt8Array

# Each level has 5/6 of the one before. Rates and paddings in pixels are what the network was trained with.
LEVEL_RATE = 5 / 6
PADDING_PX = 10
OUTER_PADDING_PX = 11
MIN_LEVEL_ROWS = 5
# pyramid_down<6>::point_up: where a pixel of one level lies in the level before.
POINT_SHIFT = 0.3


@dataclass(frozen=True)
class Level:
    """A reduced picture's place in the tiled one, in pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Layout:
    width: int
    height: int
    levels: tuple[Level, ...]


def tiled_layout(width: int, height: int) -> Layout:
    """Two columns: reductions go down on the left until the rest fits beside them, then up on the right."""
    sizes = _level_sizes(width, height)
    column = _column_height(sizes)
    levels: list[Level] = []
    top = OUTER_PADDING_PX
    while len(levels) < len(sizes) and top < column + OUTER_PADDING_PX:
        level_width, level_height = sizes[len(levels)]
        levels.append(Level(OUTER_PADDING_PX, top, level_width, level_height))
        top += level_height + PADDING_PX
    bottom = top - PADDING_PX
    for level_width, level_height in sizes[len(levels) :]:
        level = Level(OUTER_PADDING_PX + width - level_width, bottom - level_height, level_width, level_height)
        if _overlap(levels[0], level):
            break
        levels.append(level)
        bottom -= level_height + PADDING_PX
    return Layout(width + 2 * OUTER_PADDING_PX, column + 2 * OUTER_PADDING_PX, tuple(levels))


def tiled_picture(picture: UInt8Array, layout: Layout, background_rgb: tuple[int, int, int]) -> UInt8Array:
    """Return the (layout.height, layout.width, 3) RGB tiles of an RGB picture."""
    # Filled by whole rows: a colour of three bytes takes numpy twenty times as long.
    rows = np.empty((layout.height, layout.width * 3), np.uint8)
    rows[:] = np.tile(np.array(background_rgb, np.uint8), layout.width)
    tiles = rows.reshape(layout.height, layout.width, 3)
    for level in layout.levels:
        picture = _resized(picture, level.width, level.height)
        tiles[level.top : level.top + level.height, level.left : level.left + level.width] = picture
    return tiles


def to_picture(layout: Layout, x: float, y: float) -> tuple[float, float, float]:
    """Return x, y and the magnification of a tiled position in the picture itself, by its nearest level."""
    index = min(range(len(layout.levels)), key=lambda number: _distance(layout.levels[number], x, y))
    level = layout.levels[index]
    x, y = x - level.left, y - level.top
    for _ in range(index):
        x, y = x / LEVEL_RATE + POINT_SHIFT, y / LEVEL_RATE + POINT_SHIFT
    return x, y, LEVEL_RATE**-index


def _level_sizes(width: int, height: int) -> list[tuple[int, int]]:
    sizes = [(width, height)]
    while True:
        width, height = int(LEVEL_RATE * width), int(LEVEL_RATE * height)
        if width == 0 or height < MIN_LEVEL_ROWS:
            return sizes
        sizes.append((width, height))


def _column_height(sizes: list[tuple[int, int]]) -> int:
    full_width, full_height = sizes[0]
    total = sum(height + PADDING_PX for _, height in sizes) - 2 * PADDING_PX
    column, previous_width = 0, 0
    for width, height in sizes:
        fits_beside = width <= full_width - previous_width - PADDING_PX
        if fits_beside and (column - full_height) * 2 >= total - full_height:
            break
        column += height + PADDING_PX
        previous_width = width
    return column - PADDING_PX


def _overlap(first: Level, second: Level) -> bool:
    return second.top < first.top + first.height and second.left < first.left + first.width


def _resized(picture: UInt8Array, width: int, height: int) -> UInt8Array:
    """Linear, corner on corner, as dlib resizes; OpenCV's own resize puts pixel edges on edges instead."""
    rows, columns = picture.shape[:2]
    if (columns, rows) == (width, height):
        return picture
    scale_x, scale_y = (columns - 1) / max(width - 1, 1), (rows - 1) / max(height - 1, 1)
    matrix = np.array([[scale_x, 0, 0], [0, scale_y, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    resized = cv2.warpAffine(picture, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(resized, np.uint8)


def _distance(level: Level, x: float, y: float) -> float:
    across = max(level.left - x, 0, x - (level.left + level.width - 1))
    down = max(level.top - y, 0, y - (level.top + level.height - 1))
    return across * across + down * down
