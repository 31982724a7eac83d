"""When a camera suddenly looks at something else."""

from __future__ import annotations

import math

import numpy as np

from pipeline.vision.arrays import UInt8Array

# Correlation of adjacent frames as motion sees them: at the clip's three cuts at most 0.25, elsewhere at least 0.65.
_CUT_CORRELATION = 0.4
_FLAT_DEVIATION = 1.0


def is_scene_cut(before: UInt8Array, after: UInt8Array) -> bool:
    """Tell from small grey copies of adjacent frames, (H, W) each, whether the camera now looks at something else.

    Correlation ignores a change of light. It is meant for frames up to about 0.1 s apart: a close face that moves
    for longer changes the picture as much as a cut does. A wrong cut only splits a track.
    """
    first, second = before.astype(np.float32).ravel(), after.astype(np.float32).ravel()
    first -= first.mean()
    second -= second.mean()
    squares = float(first @ first), float(second @ second)
    flat = [square < _FLAT_DEVIATION**2 * first.size for square in squares]
    if any(flat):
        return not all(flat)
    return float(first @ second) < _CUT_CORRELATION * math.sqrt(squares[0] * squares[1])
