"""Pictures at the edge: hostile bytes become RGB frames, and frames become JPEGs, crops and smaller frames.

Only pixels pass. EXIF (and the place it may name), colour profiles and comments end here: whatever is
stored afterwards was written by `encode_jpeg` from an array.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Literal, TypeAlias, cast

import cv2
import numpy as np
from PIL import Image, ImageFile

from pipeline.errors import DoorbellError
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box

ImageErrorCode: TypeAlias = Literal[
    "empty", "too_large", "unsupported", "unreadable", "truncated", "too_many_pixels", "animated"
]

MAX_BYTES = 20 * 1024 * 1024
# A 40 megapixel phone photograph; 120 MB once it is decoded.
MAX_PIXELS = 40_000_000

READABLE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF")
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"BM", b"GIF8")
# MPO is left out: a phone's JPEG with a second picture (depth, preview) behind the first is a still.
_ANIMATABLE = frozenset({"PNG", "WEBP", "GIF"})
_EXIF_ORIENTATION = 0x0112
# As OpenCV writes a JPEG: JFIF 1.1 without EXIF, two tables, and at byte 158 the frame's height and width.
_OWN_START, _OWN_END = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01", b"\xff\xd9"
_OWN_FRAME, _OWN_FRAME_AT = b"\xff\xc0\x00\x11\x08", 158
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow's parsers let through on malformed bytes, besides their own OSError (UnidentifiedImageError is one).
# UserWarning: their complaints, where warnings are errors.
_PARSER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    EOFError,
    UserWarning,
    struct.error,
    zlib.error,
)


class ImageError(DoorbellError, ValueError):
    """The bytes are no picture that can be used; `code` says which way, the text tells a person what to do."""

    def __init__(self, code: ImageErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Source(io.BytesIO):
    """Bytes that remember whether a parser asked for more than there is."""

    ran_dry = False

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        # Decoders fetch whole blocks and may get a short one; headers ask for what they need.
        if size and size > 0 and (not found or len(found) < size < ImageFile.MAXBLOCK):
            self.ran_dry = True
        return found


def decode_image(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> UInt8Array:
    """Return the picture as a contiguous (H, W, 3) uint8 RGB array, upright.

    Reads JPEG, PNG, WebP, BMP and GIF. EXIF orientation is applied; transparency is laid over white, as a
    browser shows it; 16-bit samples keep their upper 8 bits; CMYK, palette and grey pictures become RGB
    without colour management. Size is checked on the header, before anything is decoded.

    Raises ImageError and nothing else, whatever the bytes are.
    """
    _check_bytes(data, max_bytes)
    # Importing face_recognition turns this on for the whole process: half a picture would be filled up with grey.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    source = _Source(data)
    try:
        with Image.open(source, formats=READABLE_FORMATS) as picture:
            _check_header(picture, max_pixels)
            picture.load()
            frame = _upright_rgb(picture)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels("more", max_pixels) from error
    except MemoryError as error:
        raise ImageError("unreadable", "the picture needs more memory than there is; send a smaller one") from error
    except _PARSER_ERRORS as error:
        raise _parser_failure(data, source, error) from error
    if source.ran_dry:
        raise _truncated(data)
    return frame


def decode_saved(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> UInt8Array:
    """Return just what `decode_image` returns of a JPEG that `encode_jpeg` made, in two thirds of the time.

    Whatever does not look like one on the outside goes to `decode_image`, which also says what is wrong with it.
    """
    if len(data) <= max_bytes and 0 < _own_pixels(data) <= max_pixels:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
        if picture is not None:
            return np.asarray(picture, np.uint8)
    return decode_image(data, max_bytes=max_bytes, max_pixels=max_pixels)


def encode_jpeg(frame: UInt8Array, quality: int = 88) -> bytes:
    """Return `frame`, (H, W, 3) uint8 RGB, as a JPEG without any metadata. quality: 1..100.

    Raises ValueError for an empty frame, another shape, or sides beyond JPEG's 65,500 pixels.
    """
    _check_frame(frame)
    return encode_jpeg_of_bgr(np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8), quality)


def encode_jpeg_of_bgr(frame: UInt8Array, quality: int = 88) -> bytes:
    """`encode_jpeg` for a camera's picture, whose colours already have OpenCV's order: in two thirds of the time."""
    _check_frame(frame)
    if max(frame.shape[:2]) > 65_500:
        raise ValueError(f"JPEG holds at most 65500 pixels a side, not {frame.shape[1]}x{frame.shape[0]}; shrink it")
    _, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return jpeg.tobytes()


def encode_png(frame: UInt8Array) -> bytes:
    """Return `frame`, (H, W, 3) uint8 RGB, as a PNG: every pixel as it is, and no metadata."""
    _check_frame(frame)
    _, png = cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    return png.tobytes()


def resize_to_width(frame: UInt8Array, width: int) -> UInt8Array:
    """Shrink to `width` pixels, keeping the proportions; a frame no wider is returned as it is, never enlarged."""
    height, old_width = frame.shape[:2]
    if old_width <= width:
        return frame
    size = (width, max(1, round(height * width / old_width)))
    return cast(UInt8Array, cv2.resize(frame, size, interpolation=cv2.INTER_AREA))


def thumbnail(frame: UInt8Array, box: Box, size: int = 160, margin: float = 0.35) -> UInt8Array:
    """Return the square around a face as (size, size, 3) RGB.

    The square has the box's longer side plus `margin` of it on each side. Near the frame's edge it is moved
    inwards, and made smaller only where the frame itself is too small. Raises ValueError for a box that lies
    entirely outside the frame.
    """
    height, width = frame.shape[:2]
    inside = box.clipped(height, width)
    if not inside.area:
        raise ValueError(f"{box} lies outside the {width}x{height} frame")
    side = min(round(max(inside.width, inside.height) * (1 + 2 * margin)), height, width)
    top = min(max((inside.top + inside.bottom - side) // 2, 0), height - side)
    left = min(max((inside.left + inside.right - side) // 2, 0), width - side)
    crop = frame[top : top + side, left : left + side]
    interpolation = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return cast(UInt8Array, cv2.resize(crop, (size, size), interpolation=interpolation))


def _check_frame(frame: UInt8Array) -> None:
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or min(frame.shape[:2]) < 1:
        raise ValueError(f"a frame is (H, W, 3) uint8 and not empty, not {frame.shape} {frame.dtype}")


def _own_pixels(data: bytes) -> int:
    """How many pixels a JPEG of `encode_jpeg` says that it has; 0 where the bytes are none."""
    end = _OWN_FRAME_AT + len(_OWN_FRAME)
    is_own = data.startswith(_OWN_START) and data[_OWN_FRAME_AT:end] == _OWN_FRAME and data.endswith(_OWN_END)
    return int.from_bytes(data[end : end + 2]) * int.from_bytes(data[end + 2 : end + 4]) if is_own else 0


def _check_bytes(data: bytes, max_bytes: int) -> None:
    if not data:
        raise ImageError("empty", "the picture is empty (0 bytes); send it again")
    if len(data) > max_bytes:
        raise ImageError(
            "too_large", f"the picture has {len(data):,} bytes, the limit is {max_bytes:,}; send a smaller one"
        )


def _check_header(picture: Image.Image, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels:
        raise _too_many_pixels(f"{width}x{height}", max_pixels)
    if picture.format in _ANIMATABLE and getattr(picture, "is_animated", False):
        raise ImageError("animated", f"the {picture.format} picture is animated; send one still picture")


def _upright_rgb(picture: Image.Image) -> UInt8Array:
    turn = _UPRIGHT.get(_orientation(picture))
    rgb = _rgb(picture)
    return np.array(rgb if turn is None else rgb.transpose(turn), dtype=np.uint8, order="C")


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        deep = np.asarray(picture)
        return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return picture.convert("RGB")


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_EXIF_ORIENTATION, 1))
    except _PARSER_ERRORS:
        # A broken EXIF block doesn't make the picture unreadable: it is shown as it lies.
        return 1


def _too_many_pixels(found: str, max_pixels: int) -> ImageError:
    return ImageError("too_many_pixels", f"the picture has {found} pixels, the limit is {max_pixels:,}; shrink it")


def _truncated(data: bytes) -> ImageError:
    return ImageError("truncated", f"the picture ends in the middle, after {len(data):,} bytes; send it again")


def _parser_failure(data: bytes, source: _Source, error: Exception) -> ImageError:
    if not data.startswith(_SIGNATURES):
        return _not_readable(data)
    webp_is_short = data[:4] == b"RIFF" and len(data) < 8 + int.from_bytes(data[4:8], "little")
    if source.ran_dry or webp_is_short or "truncated" in str(error):
        return _truncated(data)
    return ImageError("unreadable", "the picture is damaged and cannot be decoded; send another copy")


def _not_readable(data: bytes) -> ImageError:
    found = _known_but_unsupported(data)
    readable = "JPEG, PNG, WebP, BMP and GIF can be read"
    if found:
        return ImageError("unsupported", f"{found} pictures are not supported; {readable}, save it as JPEG")
    return ImageError("unreadable", f"this is not a picture, whatever its name says; {readable}")


def _known_but_unsupported(data: bytes) -> str:
    """Name formats that people do send, so that they learn what to do about it."""
    if data[4:8] == b"ftyp":
        return "AVIF" if data[8:12].startswith(b"avi") else "HEIC"
    if data.startswith((b"II*\0", b"MM\0*")):
        return "TIFF and raw"
    return "SVG" if b"<svg" in data[:1024].lower() else ""
