"""Landmarks and chips exactly as face_recognition makes them before it encodes a face."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import dlib
import numpy as np

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.encoding import CHIP_PX
from pipeline.vision.frame import contiguous_rgb
from pipeline.vision.geometry import Box
from pipeline.vision.model_files import PREDICTORS, model_file

# face_recognition's encoder cuts chips with this much room around the face (dlib's face_recognition.cpp).
CHIP_PADDING = 0.25

POINTS = {"small": 5, "large": 68}


class Aligner:
    """Finds landmarks by dlib's shape predictors: `small` has 5 points, `large` 68.

    The predictor's file is read at the first face. The 68-point predictor (100 MB) is not licensed for commercial use.
    """

    def __init__(self, model: str = "small") -> None:
        if model not in PREDICTORS:
            raise ValueError(f"encoding model {model!r} is not known; use one of {', '.join(PREDICTORS)}")
        self.model = model

    @cached_property
    def _predictor(self) -> Any:
        return dlib.shape_predictor(str(model_file(PREDICTORS[self.model])))

    def landmarks(self, frame: UInt8Array, box: Box) -> Float32Array:
        """Return (5, 2) or (68, 2) x, y in pixels of the RGB frame; they may lie outside it, as the box may."""
        if box.area == 0:
            raise ValueError(f"{box} has no area; there is no face to align in it")
        rectangle = dlib.rectangle(box.left, box.top, box.right, box.bottom)
        shape = self._predictor(contiguous_rgb(frame), rectangle)
        return np.array([(point.x, point.y) for point in shape.parts()], np.float32)

    def chip(self, frame: UInt8Array, face: Box | Float32Array) -> UInt8Array:
        """Return the (150, 150, 3) RGB chip of a face, given as a box or as landmarks that this aligner found.

        Parts of the chip that lie beyond the frame are black. A detector's own landmarks have another order: they
        must not be passed here.
        """
        frame = contiguous_rgb(frame)
        points = self.landmarks(frame, face) if isinstance(face, Box) else face
        if points.shape != (POINTS[self.model], 2):
            raise ValueError(
                f"landmarks of shape {points.shape}; the {self.model} model has {POINTS[self.model]} points"
            )
        chip: UInt8Array = dlib.get_face_chip(frame, _as_dlib_shape(points), size=CHIP_PX, padding=CHIP_PADDING)
        return chip


def _as_dlib_shape(points: Float32Array) -> Any:
    # The rectangle does not enter the alignment; dlib only wants one.
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    rectangle = dlib.rectangle(round(float(left)), round(float(top)), round(float(right)), round(float(bottom)))
    return dlib.full_object_detection(
        rectangle, dlib.points([dlib.point(round(x), round(y)) for x, y in points.tolist()])
    )
