"""How far each detector sees: the same faces smaller, darker, blurred and rolled, found and recognised."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pipeline.bench.errors import BenchError
from pipeline.bench.pictures import Household
from pipeline.bench.scenes import HEIGHT, WIDTH, read_picture
from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.engine import Engine
from pipeline.vision.geometry import Box

FACE_SIZES_PX = (32, 48, 64, 96, 160)
ROLLS_DEG = (20, 40)
# Faces are darkened, blurred and rolled at this size.
USUAL_PX = 96
DARKNESS = 0.12
BLUR_SIGMA_PX = 3.0
TOLERANCE = 0.6
_SAME_FACE_IOU = 0.3
_FINE_PX = 48


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """A face whose name is known, in its picture. encoding: (128,) float32, from the picture as it is."""

    path: Path
    picture: UInt8Array
    box: Box
    name: str
    encoding: Float32Array


@dataclass(frozen=True, slots=True)
class Condition:
    """spoil: what is done to the finished frame."""

    name: str
    face_px: int = USUAL_PX
    roll_deg: float = 0.0
    spoil: Callable[[UInt8Array], UInt8Array] | None = None


@dataclass(slots=True)
class Tally:
    """Of `faces`: found; recognised as the right person; taken for another one."""

    faces: int = 0
    found: int = 0
    recognized: int = 0
    wrong: int = 0
    times_ms: list[float] = field(default_factory=list)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.times_ms)


def conditions(sizes_px: Sequence[int] = FACE_SIZES_PX) -> list[Condition]:
    """Each of the sizes, and then what spoils a face of `USUAL_PX`."""
    sizes = [Condition(f"{size} px", size) for size in sizes_px]
    rolls = [Condition(f"rolled {roll} deg", roll_deg=roll) for roll in ROLLS_DEG]
    return [*sizes, Condition("dark", spoil=_darkened), Condition("blurred", spoil=_blurred), *rolls]


def labelled_faces(household: Household, engine: Engine) -> list[Face]:
    """Every face of the household's pictures that belongs to one of its people, by its nearest other picture.

    engine: finds and encodes them in the pictures as they are. Where a person has a single picture, that is compared
    with itself. Raises BenchError where there is no face at all.
    """
    enrolled = [
        face
        for name, paths in household.enrolled.items()
        for path in paths
        for face in _faces_in(path, engine, name)[:1]
    ]
    visited = [
        face
        for visit in household.visits
        if visit.path not in {face.path for face in enrolled}
        for face in _named(_faces_in(visit.path, engine, ""), enrolled, visit.names)
    ]
    if not enrolled:
        raise BenchError(f"no face was found in the pictures of {', '.join(household.enrolled)}; take others")
    return enrolled + visited


def compare(engine: Engine, faces: Sequence[Face], condition: Condition, min_face_px: int) -> Tally:
    """engine: with the detector to be judged."""
    tally = Tally()
    for face in faces:
        frame, expected = make_frame(face, condition)
        began_s = time.perf_counter()
        found = engine.detect(frame, min_face_px)
        tally.times_ms.append((time.perf_counter() - began_s) * 1000)
        tally.faces += 1
        best = max(found, key=lambda detection: detection.box.iou(expected), default=None)
        if best is None or best.box.iou(expected) < _SAME_FACE_IOU:
            continue
        tally.found += 1
        name = _nearest_name(_encode(engine, frame, best), faces, face)
        tally.recognized += name == face.name
        tally.wrong += name not in (face.name, "")
    return tally


def make_frame(face: Face, condition: Condition) -> tuple[UInt8Array, Box]:
    """Return a (720, 1280, 3) RGB frame with the face at the condition's size, and its upright box in the frame.

    The picture is turned about the face and laid over grey; what of it reaches beyond the frame is cut off.
    """
    scale = condition.face_px / max(face.box.width, face.box.height)
    picture = face.picture
    if scale < 0.5:
        # One step of linear sampling over more pixels would skip some.
        size = (round(picture.shape[1] * scale * 2), round(picture.shape[0] * scale * 2))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    shrunk = picture.shape[1] / face.picture.shape[1]
    centre = ((face.box.left + face.box.right) / 2 * shrunk, (face.box.top + face.box.bottom) / 2 * shrunk)
    matrix = cv2.getRotationMatrix2D(centre, -condition.roll_deg, scale / shrunk)
    matrix[:, 2] += (WIDTH / 2 - centre[0], HEIGHT / 2 - centre[1])
    frame = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=(110, 110, 110))
    rgb = np.asarray(frame, np.uint8)
    half = condition.face_px // 2
    box = Box(HEIGHT // 2 - half, WIDTH // 2 + half, HEIGHT // 2 + half, WIDTH // 2 - half)
    return (condition.spoil(rgb) if condition.spoil else rgb), box


def _faces_in(path: Path, engine: Engine, name: str) -> list[Face]:
    picture = read_picture(path)
    found = engine.detect(picture, max(_FINE_PX, min(picture.shape[:2]) // 16))
    return [Face(path, picture, each.box, name, _encode(engine, picture, each)) for each in found]


def _named(faces: list[Face], enrolled: Sequence[Face], names: tuple[str, ...]) -> list[Face]:
    """Of the faces in a visit those that look like one of the people who are known to be there."""
    present = [face for face in enrolled if face.name in names]
    named = [(face, _nearest_name(face.encoding, present, None)) for face in faces]
    return [Face(face.path, face.picture, face.box, name, face.encoding) for face, name in named if name]


def _encode(engine: Engine, frame: UInt8Array, face: Detection) -> Float32Array:
    encoding: Float32Array = engine.encode(engine.chip(frame, face.box)[np.newaxis])[0]
    return encoding


def _nearest_name(encoding: Float32Array, faces: Sequence[Face], itself: Face | None) -> str:
    """The nearest of the other pictures' people within the tolerance, or nothing."""
    own = [face for face in faces if itself is not None and face.path == itself.path]
    others = [face for face in faces if face not in own]
    if itself is not None and all(face.name != itself.name for face in others):
        others.append(itself)
    distances = [(float(np.linalg.norm(face.encoding - encoding)), face.name) for face in others]
    nearest, name = min(distances, default=(math.inf, ""))
    return name if nearest <= TOLERANCE else ""


def _darkened(frame: UInt8Array) -> UInt8Array:
    """An eighth of the light, with the noise of a sensor that is out of it."""
    noise = np.random.default_rng(8).normal(0, 2, frame.shape)
    return np.clip(frame * DARKNESS + noise, 0, 255).astype(np.uint8)


def _blurred(frame: UInt8Array) -> UInt8Array:
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), BLUR_SIGMA_PX), np.uint8)
