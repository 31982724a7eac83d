"""The enrollment gate: whether a picture makes a good sample of a person, and if not, why, with numbers.

The limits let every portrait pass that the thresholds were measured on (13 pictures, faces of 90 to 460 px, brightness
97 to 174, sharpness 0.17 to 0.9, turned up to 31 degrees) and refuse those whose encoding has moved too far to stand
for the person: at each limit alone it has moved by about 0.2, a third of the tolerance (see `quality`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from pipeline.vision.arrays import Float32Array
from pipeline.vision.geometry import Box
from pipeline.vision.matching import Gallery, Match, Tolerances
from pipeline.vision.quality import FaceQuality

RefusalCode: TypeAlias = Literal[
    "no_face",
    "several_faces",
    "face_too_small",
    "blurred",
    "too_dark",
    "turned_away",
    "duplicate",
    "looks_like_someone_else",
]
Severity: TypeAlias = Literal["refuse", "ask"]

# Beside a face that is surely one, doubtful finds and small faces far behind are not whom the picture is about.
_DOUBTFUL_CONFIDENCE = 0.5
_BYSTANDER_SIZE = 1 / 3
_DEFAULT_TOLERANCES = Tolerances()


@dataclass(frozen=True, slots=True)
class GateLimits:
    """min_face_px: the box's longer side. min_sharpness, min_brightness, max_yaw_deg: see FaceQuality.

    duplicate_distance: samples nearer than this are the same picture. A copy, resized or cut out, lies 0.03 to 0.07
    from the original, another photograph of the same person 0.3 to 0.5.
    """

    min_face_px: int = 64
    min_sharpness: float = 0.06
    min_brightness: float = 45.0
    max_yaw_deg: float = 40.0
    duplicate_distance: float = 0.1


@dataclass(frozen=True, eq=False, slots=True)
class CandidateFace:
    """A face in the picture to enroll. encoding: (128,) float32."""

    box: Box
    quality: FaceQuality
    encoding: Float32Array


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. value and limit: what was measured and what it must reach, in the unit that `detail` names.

    severity: `refuse`, or `ask` where a person must decide and may say yes. boxes: the faces to choose from.
    person_id: whom the face looks like.
    """

    code: RefusalCode
    detail: str
    value: float
    limit: float
    severity: Severity = "refuse"
    boxes: tuple[Box, ...] = ()
    person_id: int | None = None


_DEFAULT_LIMITS = GateLimits()


def foreground_faces(faces: Sequence[CandidateFace]) -> list[CandidateFace]:
    """Leave out what nobody would take for the picture's subject, and sort the rest from left to right."""
    sure = [face for face in faces if face.quality.confidence >= _DOUBTFUL_CONFIDENCE] or list(faces)
    largest = max((face.quality.size_px for face in sure), default=0)
    kept = [face for face in sure if face.quality.size_px >= largest * _BYSTANDER_SIZE]
    return sorted(kept, key=lambda face: (face.box.left, face.box.top))


def check_picture(
    faces: Sequence[CandidateFace],
    gallery: Gallery,
    person_id: int | None,
    *,
    limits: GateLimits = _DEFAULT_LIMITS,
    tolerances: Tolerances = _DEFAULT_TOLERANCES,
) -> list[Refusal]:
    """Return every reason against the picture; an empty list means that it may be enrolled.

    faces: all that were found; with several in the foreground, check the chosen one with `check_face`.
    person_id: who it is to be, None for somebody new.
    """
    candidates = foreground_faces(faces)
    if not candidates:
        return [Refusal("no_face", "no face found; use a picture that shows the face from the front", 0, 1)]
    if len(candidates) > 1:
        boxes = tuple(face.box for face in candidates)
        return [Refusal("several_faces", f"{len(boxes)} faces found; choose one", len(boxes), 1, "ask", boxes)]
    return check_face(candidates[0], gallery, person_id, limits=limits, tolerances=tolerances)


def check_face(
    face: CandidateFace,
    gallery: Gallery,
    person_id: int | None,
    *,
    limits: GateLimits = _DEFAULT_LIMITS,
    tolerances: Tolerances = _DEFAULT_TOLERANCES,
) -> list[Refusal]:
    """Return every reason against this one face of the picture; an empty list means that it may be enrolled."""
    measured = [check(face.quality, limits) for check in _QUALITY_CHECKS]
    likeness = _check_likeness(face.encoding, gallery, person_id, limits, tolerances)
    return [refusal for refusal in (*measured, likeness) if refusal is not None]


def _check_size(quality: FaceQuality, limits: GateLimits) -> Refusal | None:
    value, limit = quality.size_px, limits.min_face_px
    if value >= limit:
        return None
    detail = f"the face is {value} px wide, at least {limit} are needed; use a larger or closer picture"
    return Refusal("face_too_small", detail, value, limit)


def _check_sharpness(quality: FaceQuality, limits: GateLimits) -> Refusal | None:
    value, limit = quality.sharpness, limits.min_sharpness
    if value >= limit:
        return None
    detail = f"the face is blurred (sharpness {value:.3f}, at least {limit:.3f}); use a sharper picture"
    return Refusal("blurred", detail, value, limit)


def _check_light(quality: FaceQuality, limits: GateLimits) -> Refusal | None:
    value, limit = quality.brightness, limits.min_brightness
    if value >= limit:
        return None
    detail = f"the face is too dark (brightness {value:.0f} of 255, at least {limit:.0f}); use more light"
    return Refusal("too_dark", detail, value, limit)


def _check_pose(quality: FaceQuality, limits: GateLimits) -> Refusal | None:
    value, limit = abs(quality.yaw_deg), limits.max_yaw_deg
    if value <= limit:
        return None
    detail = f"the face is turned away by about {value:.0f} degrees, at most {limit:.0f}; look towards the camera"
    return Refusal("turned_away", detail, value, limit)


_QUALITY_CHECKS: tuple[Callable[[FaceQuality, GateLimits], Refusal | None], ...] = (
    _check_size,
    _check_sharpness,
    _check_light,
    _check_pose,
)


def _check_likeness(
    encoding: Float32Array, gallery: Gallery, person_id: int | None, limits: GateLimits, tolerances: Tolerances
) -> Refusal | None:
    own = None if person_id is None else _nearest(gallery.only(person_id), encoding)
    other = _nearest(gallery if person_id is None else gallery.without(person_id), encoding)
    if own and own.distance < limits.duplicate_distance:
        detail = (
            f"this picture is already among the person's samples (distance {own.distance:.2f}, a new one lies at least "
            f"{limits.duplicate_distance:.2f} away); use another one"
        )
        return Refusal("duplicate", detail, own.distance, limits.duplicate_distance, person_id=own.person_id)
    limit = own.distance if own else tolerances.known
    if other is None or other.distance > limit:
        return None
    compared = "this person's own samples" if own else "the tolerance for the same person"
    detail = f"the face is {other.distance:.2f} from somebody else, nearer than {compared} ({limit:.2f}); is it right?"
    return Refusal("looks_like_someone_else", detail, other.distance, limit, "ask", person_id=other.person_id)


def _nearest(gallery: Gallery, encoding: Float32Array) -> Match | None:
    return gallery.nearest(encoding[np.newaxis])[0].nearest
