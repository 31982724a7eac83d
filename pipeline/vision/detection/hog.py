"""dlib's frontal face detector: histograms of oriented gradients in a sliding window. It needs no model file."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import dlib

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.detection.scaling import scaled_frame
from pipeline.vision.geometry import Box

# dlib's window is 80 x 80 pixels (frontal_face_detector.h), with room for smaller faces in it. Measured on 23 faces
# pasted into frames: all are found from 70 pixels on, 21 at 64, 11 at 54.
RELIABLE_PX = 70
# 1.5 s and 180 MB, measured on one core of an EPYC.
MAX_PIXELS = 16_000_000


class HogDetector:
    """Finds upright faces turned aside by up to about 30 degrees.

    Scores are distances from the decision boundary: 0 is just a face, 1 is sure, a good portrait reaches 3. One
    instance belongs to one thread at a time, as dlib's detector does.
    """

    name = "hog"

    @cached_property
    def _detector(self) -> Any:
        return dlib.get_frontal_face_detector()

    def detect(self, frame: UInt8Array, *, min_face_px: int) -> list[Detection]:
        picture, scale = scaled_frame(frame, reliable_px=RELIABLE_PX, min_face_px=min_face_px, max_pixels=MAX_PIXELS)
        rectangles, scores, _ = self._detector.run(picture, 0, 0.0)
        return [
            Detection(_as_box(rectangle).scaled(1 / scale), float(score))
            for rectangle, score in sorted(zip(rectangles, scores, strict=True), key=lambda found: -found[1])
        ]


def _as_box(rectangle: Any) -> Box:
    return Box(rectangle.top(), rectangle.right(), rectangle.bottom(), rectangle.left())
