"""OpenCV's YuNet face detector on ONNX Runtime: the boxes of cv2.FaceDetectorYN in half its time."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.detection.scaling import resized, scaled_frame
from pipeline.vision.geometry import Box
from pipeline.vision.sessions import CPU, open_session

STRIDES = (8, 16, 32)
OUTPUTS = [f"faces_{stride}" for stride in STRIDES]
# Measured on 23 faces pasted into frames: all upright ones are found from 32 pixels on, 22 from 24, 10 at 16.
RELIABLE_PX = 32
# The network was not trained for larger faces: from 400 pixels on it sees several faces in one, or none. A picture that
# can hold such is looked at once more, with its shorter side at 300.
TOO_LARGE_PX, LARGEST_PX = 400, 300
# At 0.6 it takes a striped background for a face; at 0.8 it loses rolled heads.
SCORE_THRESHOLD = 0.7
# 0.2 s and 200 MB, measured on one core of an EPYC.
MAX_PIXELS = 4_000_000
NMS_IOU = 0.3
MAX_CANDIDATES = 5000
# From YuNet's box, hairline to chin, to the square that dlib's detectors draw: measured on the photographs at hand.
SQUARE_SIDE = 0.93
SQUARE_DOWN = 0.076


class YunetDetector:
    """Finds small, dark and turned faces that HOG does not, in a tenth of its time.

    Scores are the root of two probabilities, threshold..1; a good portrait reaches 0.93. Gives landmarks.
    """

    name = "yunet"

    def __init__(
        self, path: Path, threads: int = 1, providers: tuple[str, ...] = CPU, score_threshold: float = SCORE_THRESHOLD
    ) -> None:
        """path: the file made by `conversion.ensure_yunet`. Raises ModelError."""
        self._session = open_session(path, threads, providers)
        self._threshold = score_threshold

    def detect(self, frame: UInt8Array, *, min_face_px: int) -> list[Detection]:
        picture, scale = scaled_frame(frame, reliable_px=RELIABLE_PX, min_face_px=min_face_px, max_pixels=MAX_PIXELS)
        found = self.faces(picture)
        largest_possible = min(picture.shape[:2])
        if largest_possible >= TOO_LARGE_PX:
            smaller, shrink = resized(picture, LARGEST_PX / largest_possible)
            found = self._merged(found, self.faces(smaller), shrink)
        return [_as_detection(face, scale) for face in found]

    def faces(self, picture: UInt8Array) -> Float32Array:
        """Return (N, 15) as cv2.FaceDetectorYN does, surest first: x, y, width, height, five points' x, y, score."""
        height, width = picture.shape[:2]
        # The network halves five times.
        columns, rows = -(-width // 32) * 32, -(-height // 32) * 32
        padded = np.zeros((1, rows, columns, 3), np.uint8)
        padded[0, :height, :width] = picture
        outputs = self._session.run(OUTPUTS, {"picture": padded})
        candidates = [
            _decoded(output[0], stride, columns // stride, self._threshold)
            for output, stride in zip(outputs, STRIDES, strict=True)
        ]
        return _suppressed(np.concatenate(candidates), self._threshold)

    def _merged(self, found: Float32Array, found_smaller: Float32Array, shrink: float) -> Float32Array:
        """The faces of both looks at one picture; of the large ones, those of the smaller look."""
        small = found[found[:, 2:4].max(axis=1) <= LARGEST_PX]
        found_smaller[:, :14] /= shrink
        return _suppressed(np.concatenate([small, found_smaller]), self._threshold)


def _decoded(output: Float32Array, stride: int, columns: int, threshold: float) -> Float32Array:
    """The faces of one stride above the threshold, (N, 15); as postProcess in OpenCV's face_detect.cpp.

    output: (places, 16) as `yunet_graph` says.
    """
    # Beyond 80 float32 has no exp; no such place is a face.
    probabilities = 1 / (1 + np.exp(np.minimum(-output[:, :2], 80)))
    scores = np.sqrt(probabilities[:, 0] * probabilities[:, 1])
    (places,) = np.nonzero(scores >= threshold)
    cell = np.stack([places % columns, places // columns], axis=1).astype(np.float32)
    boxes, points = output[places, 2:6], output[places, 6:]
    centres = (cell + boxes[:, :2]) * stride
    sizes = np.exp(boxes[:, 2:]) * stride
    landmarks = (points + np.tile(cell, 5)) * stride
    return np.hstack([centres - sizes / 2, sizes, landmarks, scores[places, None]]).astype(np.float32)


def _suppressed(faces: Float32Array, threshold: float) -> Float32Array:
    # Whole pixels, toward zero: OpenCV's own suppression compares them so.
    boxes = faces[:, :4].astype(np.int32).tolist()
    kept = cv2.dnn.NMSBoxes(boxes, faces[:, 14].tolist(), threshold, NMS_IOU, top_k=MAX_CANDIDATES)
    return faces[np.asarray(kept, np.intp).ravel()]


def _as_detection(face: Float32Array, scale: float) -> Detection:
    x, y, width, height = (float(value) / scale for value in face[:4])
    return Detection(_dlib_square(x, y, width, height), float(face[14]), face[4:14].reshape(5, 2) / np.float32(scale))


def _dlib_square(x: float, y: float, width: float, height: float) -> Box:
    side = SQUARE_SIDE * (width * height) ** 0.5
    left = x + width / 2 - side / 2
    top = y + height / 2 - side / 2 + SQUARE_DOWN * side
    return Box(round(top), round(left + side), round(top + side), round(left))
