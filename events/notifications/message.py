"""One message as a channel gets it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from events.models import Capture
from events.notifications.models import Priority, Step

PICTURE_MAX_WIDTH_PX = 1280
PICTURE_JPEG_QUALITY = 85

Receipts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Picture:
    """The capture that shows the visit best, at most 1280 pixels wide."""

    capture: Capture

    @property
    def filename(self) -> str:
        return f"doorbell-{self.capture.event_id}.jpg"

    def jpeg(self) -> bytes | None:
        """None when the file is gone or cannot be read: the message is worth more than its picture."""
        try:
            with self.capture.image.open("rb") as file:
                stored: bytes = file.read()
            if self.capture.width <= PICTURE_MAX_WIDTH_PX:
                return stored
        except OSError:
            return None
        return _shrink(stored)


def _shrink(stored: bytes) -> bytes | None:
    # Imported here: every process loads the channels, and few ever shrink a picture (30 MB).
    from pipeline.vision.images import ImageError, decode_image, encode_jpeg, resize_to_width

    try:
        smaller = resize_to_width(decode_image(stored), PICTURE_MAX_WIDTH_PX)
    except ImageError:
        return None
    return encode_jpeg(smaller, quality=PICTURE_JPEG_QUALITY)


@dataclass(frozen=True, slots=True)
class Message:
    """`key` is the same for every message about one visit: a channel that can replace a message by
    name uses it. `delivery` is the same for every attempt at this one: receivers can tell a repeat by
    it. `so_far` names the receivers that an earlier attempt reached and what they got; `replaces` the
    same of the earlier message about this visit. `facts` is the visit for programs, None for a
    message that is about no visit.
    """

    key: str
    delivery: str
    step: Step
    title: str
    body: str
    priority: Priority
    at: datetime
    link: str = ""
    picture: Picture | None = None
    facts: Mapping[str, Any] | None = None
    so_far: Receipts = field(default_factory=dict)
    replaces: Receipts = field(default_factory=dict)
