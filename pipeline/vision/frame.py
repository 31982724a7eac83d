"""The one shape in which dlib and the networks take pictures."""

from __future__ import annotations

import numpy as np

from pipeline.vision.arrays import UInt8Array


def contiguous_rgb(frame: UInt8Array) -> UInt8Array:
    """Return the (H, W, 3) uint8 frame with its pixels in memory order; copies only what is not so already.

    dlib refuses views with negative strides (`frame[:, :, ::-1]`), four channels and floats, each with a TypeError
    that does not say why. Raises ValueError.
    """
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        raise ValueError(
            f"a frame is (height, width, 3) uint8 RGB, not {frame.shape} {frame.dtype}; convert it where it is read"
        )
    return np.ascontiguousarray(frame)
