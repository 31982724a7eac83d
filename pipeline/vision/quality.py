"""How much a picture of a face tells: one number, 0..1, from facts that can be shown to a person.

Every factor follows how far dlib's encoding moved when a good picture was spoiled: 16 portraits at 90 to 460 px,
blurred, shrunk and darkened step by step; a move of 0.6, where another person begins, is worth nothing.

| spoiled by           | encoding moved (median)                                  | factor               |
|----------------------|----------------------------------------------------------|----------------------|
| box side 73/48/30/18 | 0.16 / 0.23 / 0.27-0.34 / 0.45                           | 1 - 13.5 / side      |
| sharpness .15/.06/.03/.014/.005 | 0.12 / 0.27 / 0.37 / 0.45 / 0.55              | log(s / .004) over .3 |
| brightness 79/39/19/9 | 0.10 / 0.18 / 0.26 / 0.39                               | log(b / 4) over 100  |
| a tenth / half of the face burnt out | 0.17 / 0.33                              | 1 - clipped          |

Contrast below 25 counts like darkness, which it comes with. A turn of the head counts by its cosine squared: in a film
of one man, frames at 45 degrees lay 0.08 farther from his portrait than those below 20.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.geometry import Box

# What a detector's score must reach to count as nothing and as sure: see each detector for its scale.
_SCORE_RANGE = {"hog": (-0.25, 1.0), "cnn": (-0.25, 1.0), "yunet": (0.4, 0.9)}
# The eyes' outer and inner corners and the base of the nose in dlib's 68 points, in the order of its 5 points:
# the eye on the picture's right first, outer corner before inner (measured on upright portraits).
_FIVE_OF_68 = [45, 42, 36, 39, 33]
# How far the base of the nose stands out from the plane of the eyes, in distances between the eyes' centres (about
# 19 of 62 mm). Beyond 45 degrees dlib's points stop following, so that a full profile measures 30 to 55 degrees.
_NOSE_DEPTH = 0.31
# The chip without its margins, where hair and background lie.
_FACE = (slice(30, 130), slice(25, 125))
_SHARPNESS_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """What was measured on one face.

    size_px: the box's longer side. sharpness: variance of the Laplacian over variance, on the chip shrunk to 64 px,
    so that neither size nor contrast counts: portraits have 0.17 to 0.9, badly blurred ones below 0.06.
    brightness, contrast: mean and standard deviation of the face's grey, 0..255. clipped: the burnt-out share, 0..1.
    yaw_deg: positive where the nose points to the picture's right. roll_deg: positive clockwise; alignment undoes it,
    so it costs nothing. confidence: the detector's, 0..1.
    """

    size_px: int
    sharpness: float
    brightness: float
    contrast: float
    clipped: float
    yaw_deg: float
    roll_deg: float
    confidence: float

    @property
    def score(self) -> float:
        """0..1, the weight of this picture among others of the same visitor."""
        return self.detail * self.exposure * self.pose * self.confidence

    @property
    def detail(self) -> float:
        # A small face is also a blurred chip: the worse of the two is the whole loss.
        size = 1 - 13.5 / max(self.size_px, 1)
        return min(_unit(size), _unit(math.log(max(self.sharpness, 1e-6) / 0.004) / math.log(0.3 / 0.004)))

    @property
    def exposure(self) -> float:
        light = math.log(max(self.brightness, 1e-3) / 4) / math.log(100 / 4)
        return min(_unit(light), _unit(self.contrast / 25), _unit(1 - self.clipped))

    @property
    def pose(self) -> float:
        return math.cos(math.radians(self.yaw_deg)) ** 2


def measure_quality(chip: UInt8Array, box: Box, landmarks: Float32Array, confidence: float) -> FaceQuality:
    """Measure a face. chip: its (150, 150, 3) RGB alignment; box: as detected; landmarks: dlib's (5, 2) or (68, 2)
    points in the frame; confidence: 0..1, see `confidence_of`. Takes about 0.1 ms.
    """
    grey = np.asarray(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), np.uint8)
    face = grey[_FACE]
    yaw, roll = _pose(landmarks)
    return FaceQuality(
        size_px=max(box.width, box.height),
        sharpness=_sharpness(grey),
        brightness=float(face.mean()),
        contrast=float(face.std()),
        clipped=float((face >= 250).mean()),
        yaw_deg=yaw,
        roll_deg=roll,
        confidence=_unit(confidence),
    )


def confidence_of(detector: str, score: float) -> float:
    """Bring a detector's score (`Detection.score`) to 0..1. Raises KeyError for an unknown detector."""
    nothing, sure = _SCORE_RANGE[detector]
    return _unit((score - nothing) / (sure - nothing))


def _sharpness(grey: UInt8Array) -> float:
    small = cv2.resize(grey, (_SHARPNESS_SIDE_PX, _SHARPNESS_SIDE_PX), interpolation=cv2.INTER_AREA)
    edges = cv2.Laplacian(small.astype(np.float32), cv2.CV_32F)
    # A flat chip has a variance of 0; its rounding noise is not sharpness.
    return float(edges.var() / max(float(small.var()), 1.0))


def _pose(landmarks: Float32Array) -> tuple[float, float]:
    """Estimate (yaw, roll) in degrees from where the base of the nose lies under the eyes."""
    points = landmarks[_FIVE_OF_68] if len(landmarks) == 68 else landmarks
    right, left = (points[0] + points[1]) / 2, (points[2] + points[3]) / 2
    across = right - left
    distance = max(float(np.hypot(*across)), 1.0)
    nose = points[4] - (right + left) / 2
    offset = float(nose @ across) / distance**2
    return math.degrees(math.atan(offset / _NOSE_DEPTH)), math.degrees(math.atan2(across[1], across[0]))


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)
