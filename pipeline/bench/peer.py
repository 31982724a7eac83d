"""face_recognition, run as its users run it.

Importing this imports it: one second and 150 MB, and Pillow forgives truncated pictures from then on.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box

with warnings.catch_warnings():
    # It imports pkg_resources, which announces its end.
    warnings.simplefilter("ignore")
    import face_recognition

Encodings = list[npt.NDArray[np.float64]]
Matrix = npt.NDArray[np.float32] | npt.NDArray[np.float64]
TOLERANCE = 0.6  # face_recognition.compare_faces


def locate(frame: UInt8Array, *, model: str = "hog", upsample: int = 1) -> list[Box]:
    """upsample: 1 is face_recognition's default."""
    found = face_recognition.face_locations(frame, number_of_times_to_upsample=upsample, model=model)
    return [Box(*location) for location in found]


def encode(frame: UInt8Array, boxes: Sequence[Box]) -> Encodings:
    encodings: Encodings = face_recognition.face_encodings(
        frame, [(box.top, box.right, box.bottom, box.left) for box in boxes]
    )
    return encodings


def nearest(known: Encodings | Matrix, encoding: npt.NDArray[Any]) -> tuple[int, float]:
    """Return the index of the nearest known encoding, of a list or of the rows of a matrix, and its distance."""
    distances = face_recognition.face_distance(known, encoding)
    best = int(np.argmin(distances))
    return best, float(distances[best])


def recognize_once(frame: UInt8Array, known: Encodings) -> list[tuple[int, float]]:
    """Locate, encode every face, compare: what a program with face_recognition does for each frame."""
    return [nearest(known, encoding) for encoding in encode(frame, locate(frame))]


def recognize_as_the_old_doorbell(frame: UInt8Array, known: Encodings) -> list[tuple[int, float]]:
    """Locate twice, once to see whether there is a face and once to encode it, then encode and compare."""
    if not locate(frame):
        return []
    return recognize_once(frame, known)
