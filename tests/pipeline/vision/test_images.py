"""Every kind of bad picture is made here and refused by name; good ones keep their colours and their upright side."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from pipeline.vision.images import (
    ImageError,
    decode_image,
    decode_saved,
    encode_jpeg,
    resize_to_width,
    thumbnail,
)

RED = (220, 20, 30)


def picture(mode: str = "RGB", size: tuple[int, int] = (96, 64), color: object = RED) -> Image.Image:
    return Image.new(mode, size, color)  # type: ignore[arg-type]


def noise(size: tuple[int, int] = (96, 64)) -> Image.Image:
    pixels = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def refused(data: bytes, **limits: int) -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode_image(data, **limits)
    return caught.value


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF"])
def test_a_red_picture_is_red_in_every_format_and_stays_red(kind: str) -> None:
    frame = decode_image(saved(picture(), kind))

    again = decode_image(encode_jpeg(frame))

    assert frame.shape == (64, 96, 3)
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous
    assert frame.flags.writeable
    assert np.abs(frame.astype(int) - RED).max() <= 4
    assert np.abs(again.astype(int) - RED).max() <= 6


def test_empty_bytes_are_named() -> None:
    error = refused(b"")

    assert error.code == "empty"
    assert str(error) == "the picture is empty (0 bytes); send it again"


def test_too_many_bytes_are_refused_before_they_are_looked_at() -> None:
    error = refused(b"\0" * 1001, max_bytes=1000)

    assert error.code == "too_large"
    assert str(error) == "the picture has 1,001 bytes, the limit is 1,000; send a smaller one"


def test_a_decompression_bomb_is_refused_from_its_header() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(b"\0")) + png_chunk(b"IEND", b"")

    assert refused(bomb).code == "too_many_pixels"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_that_pillow_only_warns_about_is_refused_too() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(b"\0")) + png_chunk(b"IEND", b"")

    error = refused(bomb)

    assert str(error) == "the picture has 10000x10000 pixels, the limit is 40,000,000; shrink it"


def test_the_limit_in_pixels_counts_and_is_said() -> None:
    error = refused(saved(picture(), "PNG"), max_pixels=6143)

    assert error.code == "too_many_pixels"
    assert str(error) == "the picture has 96x64 pixels, the limit is 6,143; shrink it"
    assert decode_image(saved(picture(), "PNG"), max_pixels=6144).shape == (64, 96, 3)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animated_picture_is_refused(kind: str) -> None:
    data = saved(picture(), kind, save_all=True, append_images=[picture(color=(0, 0, 255))], duration=50)

    assert refused(data).code == "animated"


def test_a_phone_picture_with_a_preview_behind_it_is_a_still() -> None:
    data = saved(picture(), "MPO", save_all=True, append_images=[picture(color=(0, 0, 255))])

    assert np.abs(decode_image(data).astype(int) - RED).max() <= 4


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {}), ("BMP", {}), ("GIF", {})],
)
@pytest.mark.parametrize("lenient", [False, True], ids=["pillow_strict", "face_recognition_imported"])
def test_every_cut_off_picture_is_noticed(
    kind: str, options: dict[str, object], lenient: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = saved(noise(), kind, **options)

    for length in {12, 40, len(data) // 3, len(data) // 2, len(data) * 9 // 10, len(data) - 20}:
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
        assert refused(data[:length]).code == "truncated", length


def test_a_damaged_picture_is_unreadable() -> None:
    data = bytearray(saved(noise(), "PNG"))
    data[200:240] = bytes(40)

    assert refused(bytes(data)).code in {"unreadable", "truncated"}


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            "unsupported",
            "SVG pictures are not supported; JPEG, PNG, WebP, BMP and GIF can be read, save it as JPEG",
        ),
        (
            b"#!/bin/sh\nrm -rf /\n",
            "unreadable",
            "this is not a picture, whatever its name says; JPEG, PNG, WebP, BMP and GIF can be read",
        ),
        (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
            "unsupported",
            "HEIC pictures are not supported; JPEG, PNG, WebP, BMP and GIF can be read, save it as JPEG",
        ),
    ],
)
def test_other_files_named_jpg_say_what_they_are(data: bytes, code: str, message: str) -> None:
    error = refused(data)

    assert error.code == code
    assert str(error) == message


@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "PPM", "ICO"])
def test_formats_off_the_list_are_refused(kind: str) -> None:
    assert refused(saved(picture(), kind)).code in {"unsupported", "unreadable"}


def test_cmyk_becomes_rgb() -> None:
    frame = decode_image(saved(picture("CMYK", color=(0, 255, 255, 0)), "JPEG"))

    assert np.abs(frame.astype(int) - (255, 0, 0)).max() <= 5


def test_sixteen_bit_grey_keeps_its_upper_bits() -> None:
    deep = Image.fromarray(np.full((8, 8), 0x8040, dtype=np.uint16))

    assert (decode_image(saved(deep, "PNG")) == 0x80).all()


def test_sixteen_bit_colour_keeps_its_upper_bits() -> None:
    rows = b"".join(b"\0" + struct.pack(">HHH", 0xDC55, 0x1455, 0x1E55) * 4 for _ in range(4))
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")

    assert (decode_image(data) == RED).all()


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palette_pictures_become_rgb(mode: str) -> None:
    frame = decode_image(saved(picture().convert(mode), "PNG"))

    assert frame.shape == (64, 96, 3)


@pytest.mark.parametrize(("mode", "clear"), [("RGBA", (0, 0, 0, 0)), ("LA", (0, 0))])
def test_transparency_is_laid_over_white(mode: str, clear: tuple[int, ...]) -> None:
    assert (decode_image(saved(picture(mode, color=clear), "PNG")) == 255).all()


def test_a_transparent_palette_entry_is_laid_over_white() -> None:
    data = saved(picture("P", color=3), "GIF", transparency=3)

    assert (decode_image(data) == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :16] = RED
    # How a camera held that way stores the same scene.
    undo: dict[int, Callable[[UInt8Array], UInt8Array]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation

    data = saved(Image.fromarray(np.ascontiguousarray(undo[orientation](upright))), "PNG", exif=exif)

    assert (decode_image(data) == upright).all()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_is_ignored() -> None:
    data = saved(picture(), "JPEG", exif=b"Exif\0\0MM\0*" + b"\xff" * 30)

    assert decode_image(data).shape == (64, 96, 3)


def test_re_encoding_loses_the_place_the_picture_was_taken() -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    exif[0x010F] = "Secret Phone"
    data = saved(picture(), "JPEG", exif=exif, comment=b"home")

    clean = encode_jpeg(decode_image(data))

    assert b"Secret Phone" in data
    assert b"Exif" not in clean
    assert b"Secret Phone" not in clean
    assert b"home" not in clean


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 4), (4, 4, 4)])
def test_only_frames_are_encoded(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a frame is"):
        encode_jpeg(np.zeros(shape, np.uint8))


def test_a_frame_too_long_for_jpeg_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="at most 65500 pixels a side, not 70000x1"):
        encode_jpeg(np.zeros((1, 70_000, 3), np.uint8))


@pytest.mark.parametrize("quality", [1, 50, 90, 100])
@pytest.mark.parametrize("size", [(96, 64), (1, 1), (17, 33)])
def test_a_saved_frame_is_read_as_everybody_reads_it(size: tuple[int, int], quality: int) -> None:
    data = encode_jpeg(np.array(noise(size)), quality)
    assert np.array_equal(decode_saved(data), decode_image(data))


def test_a_saved_frame_that_was_damaged_is_refused_like_any_picture() -> None:
    data = encode_jpeg(np.array(noise()))
    for bad, code in ((data[:-100], "truncated"), (b"", "empty"), (b"x" * 300, "unreadable")):
        with pytest.raises(ImageError) as caught:
            decode_saved(bad)
        assert caught.value.code == code


def test_a_saved_frame_above_the_limits_is_refused() -> None:
    data = encode_jpeg(np.array(noise((96, 64))))
    for limits, code in (({"max_pixels": 96 * 64 - 1}, "too_many_pixels"), ({"max_bytes": 100}, "too_large")):
        with pytest.raises(ImageError) as caught:
            decode_saved(data, **limits)
        assert caught.value.code == code


def test_pictures_of_other_makers_are_read_with_their_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode_saved(saved(noise((96, 64)), "JPEG", exif=exif)).shape == (96, 64, 3)
    assert decode_saved(saved(noise((96, 64)), "PNG")).shape == (64, 96, 3)


def test_frames_shrink_and_never_grow() -> None:
    frame = np.zeros((720, 1280, 3), np.uint8)

    assert resize_to_width(frame, 640).shape == (360, 640, 3)
    assert resize_to_width(frame, 1280) is frame
    assert resize_to_width(frame, 4000) is frame


@pytest.mark.parametrize(
    "box", [Box(10, 40, 40, 10), Box(-20, 30, 30, -20), Box(80, 220, 130, 180), Box(-500, 900, 900, -500)]
)
def test_a_thumbnail_is_square_wherever_the_box_lies(box: Box) -> None:
    assert thumbnail(np.zeros((120, 200, 3), np.uint8), box, size=64).shape == (64, 64, 3)


def test_a_thumbnail_shows_what_is_in_the_box() -> None:
    frame = np.zeros((120, 200, 3), np.uint8)
    frame[30:60, 100:130] = RED

    assert (thumbnail(frame, Box(30, 130, 60, 100), size=30, margin=0.0) == RED).all()


def test_a_box_outside_the_frame_has_no_thumbnail() -> None:
    with pytest.raises(ValueError, match="lies outside the 200x120 frame"):
        thumbnail(np.zeros((120, 200, 3), np.uint8), Box(10, 400, 40, 300))


SEEDS = [saved(noise((24, 16)), kind) for kind in ("JPEG", "PNG", "WEBP", "BMP", "GIF")]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_never_get_past_the_image_error(data: bytes) -> None:
    refused_or_frame(data)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6),
    st.integers(0, 4000),
)
@pytest.mark.filterwarnings("ignore")
def test_mutated_pictures_never_get_past_the_image_error(seed: bytes, edits: list[tuple[int, bytes]], cut: int) -> None:
    mutated = bytearray(seed)
    for position, patch in edits:
        start = position % len(mutated)
        mutated[start : start + len(patch)] = patch
    refused_or_frame(bytes(mutated[: max(1, len(mutated) - cut % 50)]))


def refused_or_frame(data: bytes) -> None:
    try:
        frame = decode_image(data, max_pixels=1_000_000)
    except ImageError:
        return
    assert frame.ndim == 3
    assert frame.shape[2] == 3
