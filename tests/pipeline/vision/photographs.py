"""Every photograph at hand, whom it shows, and the faces that the engine finds in it at its default settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from events.models import Camera
from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.matching import Gallery
from pipeline.vision.tracking import Sighting

# What a camera is given when nobody says otherwise.
MIN_FACE_PX: int = Camera._meta.get_field("min_face_px").default
REFERENCE_TOLERANCE = 0.6
STRANGER = "a stranger"


@dataclass(frozen=True, eq=False, slots=True)
class Photograph:
    """shown: the people of the household in it."""

    path: Path
    shown: frozenset[str]
    frame: UInt8Array


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """seen: as our engine finds it at its default settings. name: whose it is, also STRANGER."""

    photograph: Photograph
    name: str
    seen: Sighting

    @property
    def encoding(self) -> Float32Array:
        return encoding_of(self.seen)


def is_enrolled(photograph: Photograph) -> bool:
    return photograph.path.parent.parent.name == "enroll"


def only(names: frozenset[str]) -> str:
    (name,) = names
    return name


def whose(seen: Sighting, photograph: Photograph, samples: list[tuple[str, Sighting]]) -> str:
    distances = [(distance(seen, sample), name) for name, sample in samples if name in photograph.shown]
    nearest, name = min(distances)
    return name if nearest <= REFERENCE_TOLERANCE else STRANGER


def encoding_of(seen: Sighting) -> Float32Array:
    assert seen.encoding is not None
    return seen.encoding


def distance(first: Sighting, second: Sighting) -> float:
    return float(np.linalg.norm(encoding_of(first) - encoding_of(second)))


def gallery_of(samples: list[tuple[str, Float32Array]]) -> tuple[Gallery, list[str]]:
    """The gallery, and the names that its ids are places of."""
    people = sorted({name for name, _ in samples})
    ids = np.array([people.index(name) for name, _ in samples], np.int64)
    return Gallery(np.array([encoding for _, encoding in samples], np.float32), ids, np.zeros(len(ids), bool)), people
