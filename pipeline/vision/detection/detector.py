"""What every face detector takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.geometry import Box


@dataclass(frozen=True, eq=False)
class Detection:
    """One face found.

    box: square, as large as dlib's own detectors draw it (brows to chin), since dlib's landmark predictors were
        trained on such boxes. It may lie partly outside the frame.
    score: higher is surer; each detector says in its docstring on which scale.
    landmarks: (5, 2) x, y in the frame's pixels where the detector finds them itself: the eye on the picture's left,
        the eye on its right, the nose's tip, the mouth's corners from left to right. For judging the pose; an Aligner
        takes only its own.
    """

    box: Box
    score: float
    landmarks: Float32Array | None = None


class Detector(Protocol):
    name: str

    def detect(self, frame: UInt8Array, *, min_face_px: int) -> list[Detection]:
        """Return the faces in an (H, W, 3) RGB frame, surest first.

        min_face_px: the smallest side of a face's box worth finding, in the frame's pixels. The frame is brought to
            the size that this needs: a larger one costs less. Smaller faces may be among the found.
        Raises ValueError for a frame of another kind, and for a min_face_px below 16.
        """
        ...
