"""Old pictures: decoded as hostile bytes, kept as they are only where they hold pixels and nothing else."""

from dataclasses import dataclass

import cv2
from django.conf import settings

from migration.legacy.errors import SourceError
from migration.legacy.tree import SourceTree
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from pipeline.vision.images import ImageError, decode_image, encode_jpeg

JPEG_QUALITY = 95
# JFIF, tables, frames (baseline to progressive), restarts: what draws the picture. No EXIF, comment, profile.
_DRAWING = frozenset([0xE0, 0xDB, 0xC0, 0xC1, 0xC2, 0xC4, 0xDD, 0xDA])
_SURE = 0.9  # a crop found in its capture correlates at 0.989 and more (14 measured), elsewhere below 0.7
_FLAT = 1.0  # grey levels: a picture of nothing is found everywhere
_COARSE = 4  # a quarter of the size is searched first, its best place then at full size
_TURNS = (None, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE)


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """`frame`: (H, W, 3) RGB, upright. `jpeg`: the file to store."""

    frame: UInt8Array
    jpeg: bytes


def read_frame(tree: SourceTree, path: str) -> tuple[bytes, UInt8Array]:
    """Return a picture's bytes and its (H, W, 3) RGB pixels. Raises SourceError, also for half a picture."""
    content = tree.read(path, settings.MAX_PICTURE_BYTES)
    try:
        frame = decode_image(content, max_bytes=settings.MAX_PICTURE_BYTES, max_pixels=settings.MAX_PICTURE_PIXELS)
    except ImageError as error:
        raise SourceError(str(error)) from error
    return content, frame


def read_picture(tree: SourceTree, path: str) -> Picture:
    """Raises SourceError."""
    content, frame = read_frame(tree, path)
    return Picture(frame, content if is_bare_jpeg(content) else encode_jpeg(frame, quality=JPEG_QUALITY))


def is_bare_jpeg(content: bytes) -> bool:
    """Whether a JPEG holds the picture and nothing beside it: no EXIF, no comment, nothing behind its end.

    The old system's own pictures are so, and are stored byte for byte.
    """
    if not content.startswith(b"\xff\xd8") or not content.endswith(b"\xff\xd9"):
        return False
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker not in _DRAWING:
            return False
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
        if marker == 0xDA:
            return _ends_with_scan(content, position)
    return False


def _ends_with_scan(content: bytes, position: int) -> bool:
    """In the scan 0xFF is followed by 0 or a restart mark; progressive pictures have further tables between scans."""
    while (position := content.find(b"\xff", position)) >= 0:
        marker = content[position + 1] if position + 1 < len(content) else 0
        if marker == 0xD9:
            return position + 2 == len(content)
        if marker in _DRAWING:
            position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
        elif marker == 0 or 0xD0 <= marker <= 0xD7 or marker == 0xFF:
            position += 1 if marker == 0xFF else 2
        else:
            return False
    return False


def find_crop(frame: UInt8Array, crop: UInt8Array) -> Box | None:
    """Return where a crop was cut from a capture, both (H, W, 3) RGB; None when it was not.

    A capture may have been turned after its faces were cut out (CAMERA_ROTATION).
    """
    for turn in _TURNS:
        turned = crop if turn is None else cv2.rotate(crop, turn)
        box = _find(frame, turned)  # type: ignore[arg-type]
        if box is not None:
            return box
    return None


def _find(frame: UInt8Array, crop: UInt8Array) -> Box | None:
    height, width = crop.shape[:2]
    if height > frame.shape[0] or width > frame.shape[1] or min(height, width) < 2 * _COARSE:
        return None
    if float(crop.std()) < _FLAT:
        return None
    top, left = _roughly(frame, crop)
    reach = 2 * _COARSE
    first_row, first_column = max(top - reach, 0), max(left - reach, 0)
    part = frame[first_row : top + height + reach, first_column : left + width + reach]
    if part.shape[0] < height or part.shape[1] < width:
        return None
    scores = cv2.matchTemplate(part, crop, cv2.TM_CCOEFF_NORMED)
    _, score, _, (x, y) = cv2.minMaxLoc(scores)
    if not _SURE <= score <= 1.001:
        return None
    return Box(top=first_row + y, right=first_column + x + width, bottom=first_row + y + height, left=first_column + x)


def _roughly(frame: UInt8Array, crop: UInt8Array) -> tuple[int, int]:
    small_frame, small_crop = _small(frame), _small(crop)
    if small_crop.shape[0] > small_frame.shape[0] or small_crop.shape[1] > small_frame.shape[1]:
        return 0, 0
    _, _, _, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(small_frame, small_crop, cv2.TM_CCOEFF_NORMED))
    return y * _COARSE, x * _COARSE


def _small(picture: UInt8Array) -> UInt8Array:
    size = (max(picture.shape[1] // _COARSE, 1), max(picture.shape[0] // _COARSE, 1))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
