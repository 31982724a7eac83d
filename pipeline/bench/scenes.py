"""Frames as a doorbell's camera takes them, made from photographs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pipeline.bench.errors import BenchError
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import ImageError, decode_image, encode_png

WIDTH, HEIGHT = 1280, 720


def read_picture(path: Path) -> UInt8Array:
    """(H, W, 3) RGB. Raises BenchError."""
    try:
        return decode_image(path.read_bytes())
    except (OSError, ImageError) as error:
        raise BenchError(f"{path} cannot be used: {error}") from error


def door_scene(picture: UInt8Array, width: int = WIDTH, height: int = HEIGHT) -> UInt8Array:
    """Return a (height, width, 3) RGB frame that shows the whole picture before a dim, blurred background."""
    rows, columns = picture.shape[:2]
    background = cv2.blur(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), (61, 61)) // 2
    scale = min(width / columns, height / rows)
    size = (min(width, round(columns * scale)), min(height, round(rows * scale)))
    inset = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    frame = np.asarray(background, np.uint8)
    frame[top : top + size[1], left : left + size[0]] = inset
    return frame


def write_scene(picture: Path, folder: Path) -> Path:
    """Write the scene of a picture as a PNG, which a camera of the product can play."""
    path = folder / f"{picture.stem}.png"
    path.write_bytes(encode_png(door_scene(read_picture(picture))))
    return path
