"""Look at an enrolled picture as the old system did, so that its encodings can be told apart by number.

`face_recognition.face_encodings(image)`: HOG at one upsampling, 5 landmarks. With the same dlib the
encodings are those of the caches within 0.00001; a detector at another scale moves them by up to 0.1.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import dlib
import numpy as np
from django.conf import settings

from faces.engine import get_engine
from migration.legacy.errors import SourceError
from migration.legacy.pictures import read_frame
from migration.legacy.tree import Entry, SourceTree
from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.engine import Engine, EngineConfig
from pipeline.vision.geometry import Box
from pipeline.vision.quality import confidence_of, measure_quality

ENCODING_MODEL = "small"  # the only one that the old system knew
# An upsampled picture of 12.5 megapixels and its pyramid take about 500 MB; faces in larger ones are large.
MAX_UPSAMPLED_PIXELS = 12_500_000


@dataclass(frozen=True, eq=False, slots=True)
class SeenFace:
    """`box`: inside the picture. `encoding`: (128,) float32. `quality`: 0..1."""

    box: Box
    encoding: Float32Array
    quality: float


@dataclass(frozen=True, eq=False, slots=True)
class SeenPicture:
    """An enrolled picture and its faces, in the detector's order; the old system took the first.
    `problem`: why it cannot be looked at, "" when it could. `sha256`: of the file."""

    entry: Entry
    sha256: str
    faces: tuple[SeenFace, ...]
    problem: str = ""


def look_at(tree: SourceTree, entry: Entry) -> SeenPicture:
    try:
        content, frame = read_frame(tree, entry.path)
    except SourceError as error:
        return SeenPicture(entry, "", (), str(error))
    return SeenPicture(entry, hashlib.sha256(content).hexdigest(), tuple(_faces(frame)))


def _faces(frame: UInt8Array) -> list[SeenFace]:
    upsampling = 1 if frame.shape[0] * frame.shape[1] <= MAX_UPSAMPLED_PIXELS else 0
    rectangles, scores, _ = _detector().run(frame, upsampling, 0.0)
    found = [_clipped(rectangle, frame) for rectangle in rectangles]
    return [_face(frame, box, score) for box, score in zip(found, scores, strict=True) if box.area]


def _face(frame: UInt8Array, box: Box, score: float) -> SeenFace:
    engine = _engine()
    landmarks = engine.landmarks(frame, box)
    chip = engine.chip(frame, landmarks)
    quality = measure_quality(chip, box, landmarks, confidence_of("hog", score))
    return SeenFace(box, engine.encode(np.stack([chip]))[0], quality.score)


def _clipped(rectangle: Any, frame: UInt8Array) -> Box:
    box = Box(rectangle.top(), rectangle.right(), rectangle.bottom(), rectangle.left())
    return box.clipped(*frame.shape[:2])


@cache
def _detector() -> Any:
    return dlib.get_frontal_face_detector()


@cache
def _engine() -> Engine:
    if settings.ENCODING_MODEL == ENCODING_MODEL:
        return get_engine()
    return Engine(EngineConfig(models_dir=settings.MODELS_DIR, encoder=settings.ENCODER, encoding_model=ENCODING_MODEL))
