"""One picture from a camera, with its time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import cv2
import numpy as np

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import encode_jpeg_of_bgr


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What a camera saw at one moment.

    `rgb()` is the picture. `bgr` is the same picture as OpenCV delivered it, (H, W, 3) uint8, read-only: few
    frames of a live camera are ever kept, so the conversion waits until somebody asks. Outside this package, `bgr`
    is for motion only, which turns it grey.

    time_s: monotonic seconds, for differences. taken_at: aware UTC, for people and rows.
    index: counts up by one per frame; a FrameReader counts on when the camera was lost and came back.
    """

    bgr: UInt8Array = field(repr=False)
    time_s: float
    taken_at: datetime
    index: int

    def __post_init__(self) -> None:
        self.bgr.flags.writeable = False

    @classmethod
    def from_rgb(cls, rgb: UInt8Array, *, time_s: float, taken_at: datetime | None = None, index: int = 0) -> Frame:
        """rgb: (H, W, 3) uint8; copied. taken_at: now, if not given."""
        return cls(swap_red_and_blue(rgb), time_s, taken_at or datetime.now(UTC), index)

    def rgb(self) -> UInt8Array:
        """Return a new contiguous (H, W, 3) uint8 RGB array. Converts on every call: keep the result."""
        return swap_red_and_blue(self.bgr)

    def jpeg(self, quality: int) -> bytes:
        """Return the picture as a JPEG without any metadata. quality: 1..100."""
        return encode_jpeg_of_bgr(self.bgr, quality)

    @property
    def width(self) -> int:
        return int(self.bgr.shape[1])

    @property
    def height(self) -> int:
        return int(self.bgr.shape[0])


def swap_red_and_blue(image: UInt8Array) -> UInt8Array:
    """Return a contiguous copy of a (H, W, 3) uint8 array, RGB of BGR or BGR of RGB."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
