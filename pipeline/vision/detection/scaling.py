"""Frames brought to the size at which a detector's smallest face is the smallest face wanted."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.frame import contiguous_rgb

# No encoder tells people apart by fewer pixels; below, a frame would only be blown up.
MIN_FACE_PX = 16
# A resize that changes a length by less than this only blurs.
NO_CHANGE = 0.02


def scaled_frame(frame: UInt8Array, *, reliable_px: int, min_face_px: int, max_pixels: int) -> tuple[UInt8Array, float]:
    """Return the RGB frame with faces of min_face_px at reliable_px, and its scale (1.0 where it stayed as it was).

    max_pixels: the largest picture returned, whatever min_face_px asks for, since an uploaded picture may have any
        size: the smallest faces of a larger one are not found. Raises ValueError below 16 min_face_px.
    """
    if min_face_px < MIN_FACE_PX:
        raise ValueError(f"min_face_px is {min_face_px}; at least {MIN_FACE_PX} are needed to recognise anybody")
    frame = contiguous_rgb(frame)
    pixels = frame.shape[0] * frame.shape[1]
    return resized(frame, min(reliable_px / min_face_px, (max_pixels / pixels) ** 0.5))


def resized(frame: UInt8Array, scale: float) -> tuple[UInt8Array, float]:
    """Return the RGB frame at `scale` times its size, and the scale that it really has."""
    if abs(scale - 1) < NO_CHANGE:
        return frame, 1.0
    height, width = frame.shape[:2]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, size, interpolation=interpolation), np.uint8), scale
