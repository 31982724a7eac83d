"""What a row gets to work with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from pipeline.bench.errors import BenchError
from pipeline.bench.pictures import Household, load_household
from pipeline.bench.scenes import read_picture
from pipeline.configuration.sections import FaceDetection
from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.engine import Engine, EngineConfig

DEFAULT_DETECTOR = FaceDetection().model
# Portraits to be enrolled: no face in them is smaller.
ENROLLED_FACE_PX = 64


@dataclass(frozen=True)
class Material:
    """media: a folder as `pictures` wants it, None for the two portraits. models_dir: converted networks."""

    media: Path | None
    models_dir: Path
    detector: str = DEFAULT_DETECTOR

    @cached_property
    def household(self) -> Household:
        return load_household(self.media)

    def engine(self, detector: str | None = None) -> Engine:
        """A warm engine on one thread."""
        engine = Engine(EngineConfig(self.models_dir, detector=detector or self.detector))
        engine.load_detector()
        engine.load_encoder()
        return engine

    def enrolled_encodings(self) -> tuple[list[str], Float32Array]:
        """Return names and (N, 128) encodings of the enrolled pictures, found by the default detector."""
        engine = self.engine(DEFAULT_DETECTOR)
        named = [(name, path) for name, paths in self.household.enrolled.items() for path in paths]
        faces = [surest_face(engine, path) for _, path in named]
        chips = [engine.chip(picture, face.box) for picture, face in faces]
        return [name for name, _ in named], engine.encode(np.array(chips, np.uint8))


def surest_face(engine: Engine, path: Path) -> tuple[UInt8Array, Detection]:
    """Return the picture, (H, W, 3) RGB, with its surest face. Raises BenchError where there is none."""
    picture = read_picture(path)
    faces = engine.detect(picture, ENROLLED_FACE_PX)
    if not faces:
        raise BenchError(f"{path} shows no face of {ENROLLED_FACE_PX} px or more; take another picture")
    return picture, faces[0]
