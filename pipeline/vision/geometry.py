"""Boxes in pixels of the frame they were found in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in the order face_recognition uses; right and bottom are exclusive.

    A detector may return a box that lies partly outside the frame: clip before slicing.
    """

    top: int
    right: int
    bottom: int
    left: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return max(self.width, 0) * max(self.height, 0)

    def clipped(self, frame_height: int, frame_width: int) -> Box:
        return Box(
            top=min(max(self.top, 0), frame_height),
            right=min(max(self.right, 0), frame_width),
            bottom=min(max(self.bottom, 0), frame_height),
            left=min(max(self.left, 0), frame_width),
        )

    def scaled(self, factor: float) -> Box:
        return Box(
            top=round(self.top * factor),
            right=round(self.right * factor),
            bottom=round(self.bottom * factor),
            left=round(self.left * factor),
        )

    def moved(self, right: int, down: int) -> Box:
        return Box(self.top + down, self.right + right, self.bottom + down, self.left + right)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)
