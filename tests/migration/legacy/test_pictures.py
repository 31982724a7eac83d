import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from migration.legacy.errors import SourceError
from migration.legacy.pictures import find_crop, is_bare_jpeg, read_picture
from migration.legacy.tree import SourceTree
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from pipeline.vision.images import decode_image, encode_jpeg
from tests.conftest import Portraits
from tests.migration.houses import House, Unpacked


@pytest.fixture
def jpeg(portraits: Portraits) -> bytes:
    """As the old system saved pictures: OpenCV's JPEG, quality 85."""
    return encode_jpeg(decode_image(portraits.grace_hopper.read_bytes()), quality=85)


def with_exif(jpeg: bytes) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg)) as picture:
        picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def progressive(jpeg: bytes) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg)) as picture:
        picture.save(out, "JPEG", progressive=True)
    return out.getvalue()


def test_the_old_systems_own_pictures_are_kept_byte_for_byte(house: House, jpeg: bytes) -> None:
    house.put("data/captures/a.jpg", jpeg)
    assert read_picture(SourceTree(house.root), "data/captures/a.jpg").jpeg == jpeg


def test_every_real_capture_is_bare(real: Unpacked) -> None:
    captures = sorted((real.root / "data/captures").glob("*.jpg"))
    assert len(captures) == 12
    assert all(is_bare_jpeg(path.read_bytes()) for path in captures)


def test_a_progressive_picture_is_bare(jpeg: bytes) -> None:
    assert is_bare_jpeg(progressive(jpeg))


def test_what_a_picture_carries_beside_pixels_is_dropped(house: House, jpeg: bytes) -> None:
    for content in (with_exif(jpeg), jpeg + b"<script>", jpeg + jpeg):
        house.put("data/captures/a.jpg", content)
        assert not is_bare_jpeg(content)
        stored = read_picture(SourceTree(house.root), "data/captures/a.jpg").jpeg
        assert is_bare_jpeg(stored)
        assert b"taken at home" not in stored
        assert b"<script>" not in stored


def test_half_a_picture_is_refused_even_where_pillow_would_fill_it_up(
    house: House, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What importing face_recognition does to the whole process.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    house.put("data/captures/a.jpg", jpeg[: len(jpeg) // 2])
    with pytest.raises(SourceError, match="the picture ends in the middle"):
        read_picture(SourceTree(house.root), "data/captures/a.jpg")


def test_a_decompression_bomb_is_not_decoded(broken: Unpacked) -> None:
    with pytest.raises(SourceError, match="pixels, the limit is"):
        read_picture(SourceTree(broken.root), "data/known_faces/bomb.jpg")


@pytest.fixture
def frame(portraits: Portraits) -> UInt8Array:
    return decode_image(portraits.grace_hopper.read_bytes())


def through_jpeg(
    frame: UInt8Array,
) -> UInt8Array:
    return decode_image(encode_jpeg(np.ascontiguousarray(frame), quality=85))


@pytest.mark.parametrize("box", [Box(139, 366, 325, 180), Box(3, 61, 58, 7), Box(100, 512, 220, 391)])
def test_a_crop_is_found_where_it_was_cut(frame: UInt8Array, box: Box) -> None:
    crop = through_jpeg(frame[box.top : box.bottom, box.left : box.right])
    assert find_crop(through_jpeg(frame), crop) == box


@pytest.mark.parametrize("turn", [cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE])
def test_a_crop_of_a_capture_that_was_turned_is_found(frame: UInt8Array, turn: int) -> None:
    box = Box(139, 366, 325, 180)
    turned = np.asarray(cv2.rotate(frame, turn), np.uint8)
    found = find_crop(through_jpeg(turned), through_jpeg(frame[139:325, 180:366]))
    assert found is not None
    assert (found.width, found.height) == (box.width, box.height), "the face is square"


def test_a_crop_of_another_picture_is_not_found(frame: UInt8Array, portraits: Portraits) -> None:
    other = decode_image(portraits.astronaut.read_bytes())
    assert find_crop(frame, np.ascontiguousarray(other[76:166, 175:265])) is None


def test_flat_or_tiny_or_larger_crops_are_not_found(frame: UInt8Array) -> None:
    flat = np.zeros((60, 60, 3), np.uint8)
    assert find_crop(np.zeros((100, 100, 3), np.uint8), flat) is None
    assert find_crop(frame, flat[:3, :3]) is None
    assert find_crop(frame[:50, :50], flat) is None


def test_every_crop_of_the_real_installation_is_found_in_its_capture(real: Unpacked) -> None:
    for expected in real.expected["cropped_faces"]:
        event = next(event for event in real.expected["events_log"] if event["id"] == expected["event"])
        capture = decode_image((real.root / event["capture"]).read_bytes())
        crop = decode_image((real.root / Path(expected["path"])).read_bytes())
        assert find_crop(capture, crop) is not None, expected["path"]
