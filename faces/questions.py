"""Pictures that enrollment asks about wait in the page that asks: nothing of them is kept on the
server, so that nothing is left when nobody answers."""

import base64
import binascii
from dataclasses import dataclass

from django.conf import settings

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from pipeline.vision.images import ImageError, decode_image, encode_jpeg, resize_to_width

WIDTH_MAX_PX = 1000  # a form's fields may hold 1 MB; a JPEG of this width stays far below
MARGIN = 0.8  # of the face's longer side, around it: enough to find and align the face again
JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Offer:
    """A picture to take after all: base64 of a JPEG, and the face in it that is meant, if there are several."""

    picture: str
    box: Box | None

    @property
    def box_text(self) -> str:
        return f"{self.box.top},{self.box.right},{self.box.bottom},{self.box.left}" if self.box else ""


def offer_faces(data: bytes, boxes: list[Box]) -> list[Offer]:
    """One offer a face, from the left; each is cut to its face with something around it."""
    frame = _decode(data)
    return [_offer(*_cut(frame, box)) for box in sorted(boxes, key=lambda box: box.left)]


def offer_again(data: bytes, box: Box | None = None) -> Offer:
    return _offer(_decode(data), box)


def read_offer(picture: str, box_text: str) -> tuple[bytes, Box | None]:
    """Raises ImageError when the text is not base64."""
    try:
        data = base64.b64decode(picture, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError("unreadable", "the picture did not arrive whole; send it again") from error
    return data, Box(*map(int, box_text.split(","))) if box_text else None


def _decode(data: bytes) -> UInt8Array:
    return decode_image(data, max_bytes=settings.MAX_PICTURE_BYTES, max_pixels=settings.MAX_PICTURE_PIXELS)


def _cut(frame: UInt8Array, box: Box) -> tuple[UInt8Array, Box]:
    around = round(MARGIN * max(box.width, box.height))
    wide = Box(box.top - around, box.right + around, box.bottom + around, box.left - around)
    area = wide.clipped(frame.shape[0], frame.shape[1])
    moved = Box(box.top - area.top, box.right - area.left, box.bottom - area.top, box.left - area.left)
    return frame[area.top : area.bottom, area.left : area.right], moved


def _offer(frame: UInt8Array, box: Box | None) -> Offer:
    small = resize_to_width(frame, WIDTH_MAX_PX)
    scaled = box.scaled(small.shape[1] / frame.shape[1]) if box else None
    return Offer(base64.b64encode(encode_jpeg(small, quality=JPEG_QUALITY)).decode(), scaled)
