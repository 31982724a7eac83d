"""Frames brought to the size at which a detector's smallest window is the smallest face wanted."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.frame import contiguous_rgb

# A resize that changes a length by less than this only blurs.
NO_CHANGE = 0.02


def scaled_frame(frame: UInt8Array, scale: float) -> tuple[UInt8Array, float]:
    """Return the RGB frame at `scale` times its size, and the scale that it really has (1.0 where it stayed)."""
    frame = contiguous_rgb(frame)
    if abs(scale - 1) < NO_CHANGE:
        return frame, 1.0
    height, width = frame.shape[:2]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, size, interpolation=interpolation), np.uint8), scale
