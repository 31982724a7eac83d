"""`events.db`: what the newest old version recorded of each press, motion and recognition, in UTC."""

import json
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

from migration.legacy.encodings import Float64Array, checked_encoding
from migration.legacy.errors import SourceError
from migration.legacy.scratch import Database
from migration.legacy.text import shown, storable
from pipeline.vision.geometry import Box

PRESSED = "DOORBELL_PRESSED"
MOVED = "MOTION_DETECTED"
RECOGNIZED = ("FACE_RECOGNIZED", "FACE_UNKNOWN", "FACE_BLACKLISTED")
KINDS = (PRESSED, MOVED, *RECOGNIZED)
STATUSES = ("known", "unknown", "blacklisted")
MAX_FACES = 64
LARGEST_PX = 100_000
# confidence was 1 - distance / (2 * tolerance), with the old defaults.
TOLERANCES = {"known": 0.6, "blacklisted": 0.5}


@dataclass(frozen=True, eq=False, slots=True)
class StoredFace:
    """`distance`: Euclidean, worked out from the stored similarity; None for unknown faces.
    `encoding`: (128,) float64."""

    status: str
    name: str | None
    distance: float | None
    box: Box | None
    quality: float
    encoding: Float64Array | None


@dataclass(frozen=True, eq=False, slots=True)
class StoredEvent:
    row: int
    event_id: str
    event_type: str
    at: datetime
    faces: tuple[StoredFace, ...]


@dataclass(frozen=True, slots=True)
class BadRow:
    row: int
    reason: str


def read_events(database: Database) -> Iterator[StoredEvent | BadRow]:
    """Yield the rows in the order in which they were written. `event_type` is any; only KINDS are visits.

    parent_event_id is not read: it names rows that were never stored. Raises SourceError.
    """
    if not database.has_table("events"):
        raise SourceError("it has no table `events`")
    for row in database.rows("events", "id", ("event_id", "event_type", "timestamp", "event_data")):
        try:
            yield _event(row)
        except SourceError as error:
            yield BadRow(row["id"], str(error))


def _event(row: sqlite3.Row) -> StoredEvent:
    event_id, event_type = row["event_id"], row["event_type"]
    if not isinstance(event_id, str) or not 0 < len(event_id) <= 100 or not isinstance(event_type, str):
        raise SourceError("it has no id or no type")
    at = _time(row["timestamp"])
    faces = _faces(row["event_data"]) if event_type in RECOGNIZED else ()
    return StoredEvent(row["id"], event_id, event_type, at, faces)


def _time(value: object) -> datetime:
    if not isinstance(value, float | int) or not math.isfinite(value):
        raise SourceError(f"{shown(str(value))[:60]!r} is no time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise SourceError(f"{value!r} is no time") from None


def _faces(text: object) -> tuple[StoredFace, ...]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        raise SourceError("what it recognized is not JSON") from None
    recognitions = found.get("recognitions") if isinstance(found, dict) else None
    if not isinstance(recognitions, list) or len(recognitions) > MAX_FACES:
        raise SourceError("what it recognized is no list of faces")
    return tuple(_face(face) for face in recognitions if isinstance(face, dict) and face.get("status") in STATUSES)


def _face(face: dict[str, Any]) -> StoredFace:
    detection = face["face_detection"] if isinstance(face.get("face_detection"), dict) else {}
    status = str(face["status"])
    name = face.get("identity")
    return StoredFace(
        status,
        storable(name)[:1000] if isinstance(name, str) and status != "unknown" else None,
        _distance(status, face.get("similarity_score")),
        _box(detection.get("bounding_box")),
        _unit(detection.get("quality_score")),
        _encoding(detection.get("encoding")),
    )


def _distance(status: str, similarity: object) -> float | None:
    if status not in TOLERANCES or not _is_finite(similarity):
        return None
    distance = (1 - similarity) * 2 * TOLERANCES[status]
    return distance if 0 <= distance <= 2 else None


def _box(box: object) -> Box | None:
    if not isinstance(box, dict):
        return None
    x, y, width, height = (_pixels(box.get(name)) for name in ("x", "y", "width", "height"))
    if x is None or y is None or not width or not height or min(width, height) < 1:
        return None
    return Box(top=y, right=x + width, bottom=y + height, left=x)


def _pixels(value: object) -> int | None:
    return round(value) if _is_finite(value) and abs(value) <= LARGEST_PX else None


def _unit(value: object) -> float:
    return min(max(float(value), 0.0), 1.0) if _is_finite(value) else 0.0


def _encoding(numbers: object) -> Float64Array | None:
    try:
        return checked_encoding(numbers) if isinstance(numbers, list) else None
    except SourceError:
        return None


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)
