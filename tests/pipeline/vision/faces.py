"""Every face in a picture, through the engine, as the gate and the tracker take it."""

from __future__ import annotations

import numpy as np

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.engine import Engine
from pipeline.vision.gate import CandidateFace
from pipeline.vision.quality import confidence_of, measure_quality
from pipeline.vision.tracking import Sighting


def candidates(engine: Engine, frame: UInt8Array, min_face_px: int = 40) -> list[CandidateFace]:
    found = []
    for detection in engine.detect(frame, min_face_px):
        landmarks = engine.landmarks(frame, detection.box)
        chip = engine.chip(frame, landmarks)
        confidence = confidence_of(engine.config.detector, detection.score)
        quality = measure_quality(chip, detection.box, landmarks, confidence)
        found.append(CandidateFace(detection.box, quality, engine.encode(chip[np.newaxis])[0]))
    return found


def sightings(engine: Engine, frame: UInt8Array, time_s: float = 0.0, min_face_px: int = 40) -> list[Sighting]:
    faces = candidates(engine, frame, min_face_px)
    return [Sighting(time_s, face.box, face.quality.score, (time_s, n), face.encoding) for n, face in enumerate(faces)]
