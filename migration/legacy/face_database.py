"""`faces.db`: people and encodings of the newest old version; in practice filled by hand, if at all."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from migration.legacy.encodings import Float64Array, checked_encoding
from migration.legacy.errors import SourceError
from migration.legacy.scratch import Database
from migration.legacy.text import storable

MAX_ENCODING_TEXT = 16 * 1024
MAX_NAME = 1000
MAX_ROWS = 5_000


@dataclass(frozen=True, eq=False, slots=True)
class FiledFace:
    """`encoding`: (128,) float64. `quality`: 0..1."""

    encoding_id: int
    encoding: Float64Array
    quality: float


@dataclass(frozen=True, eq=False, slots=True)
class FiledPerson:
    """`name`: None where none was given. `is_blocked`: None where the database says neither yes nor no."""

    person_id: str
    name: str | None
    is_blocked: bool | None
    faces: tuple[FiledFace, ...]


@dataclass(frozen=True, slots=True)
class BadFace:
    row: str
    reason: str


def read_people(database: Database) -> tuple[list[FiledPerson], list[BadFace]]:
    """Return the people with their encodings, and what could not be read; of either no more than MAX_ROWS.

    Raises SourceError.
    """
    if not database.has_table("persons") or not database.has_table("face_encodings"):
        raise SourceError("it has no tables `persons` and `face_encodings`")
    bad: list[BadFace] = []
    faces: dict[str, list[FiledFace]] = {}
    encodings = database.rows("face_encodings", "encoding_id", ("person_id", "encoding_data", "quality_score"))
    for row in islice(encodings, MAX_ROWS):
        try:
            faces.setdefault(str(row["person_id"]), []).append(_face(row))
        except SourceError as error:
            bad.append(BadFace(f"encoding {row['encoding_id']}", str(error)))
    people = [_person(row, faces.pop(str(row["person_id"]), [])) for row in islice(_person_rows(database), MAX_ROWS)]
    bad += [
        BadFace(f"encoding {face.encoding_id}", f"belongs to nobody: there is no person {person_id[:100]!r}")
        for person_id, orphans in faces.items()
        for face in orphans
    ]
    return people, bad


def _person_rows(database: Database) -> Iterator[sqlite3.Row]:
    return database.rows("persons", "rowid", ("person_id", "person_name", "is_blacklisted"))


def _person(row: sqlite3.Row, faces: list[FiledFace]) -> FiledPerson:
    name, is_blocked = row["person_name"], row["is_blacklisted"]
    return FiledPerson(
        storable(str(row["person_id"]))[:MAX_NAME],
        storable(name)[:MAX_NAME] if isinstance(name, str) and name.strip() else None,
        bool(is_blocked) if is_blocked in (0, 1) else None,
        tuple(faces),
    )


def _face(row: sqlite3.Row) -> FiledFace:
    text = row["encoding_data"]
    if not isinstance(text, str) or len(text) > MAX_ENCODING_TEXT:
        raise SourceError("its encoding is no text that holds 128 numbers")
    try:
        numbers = json.loads(text)
    except (ValueError, RecursionError):
        raise SourceError("its encoding is not JSON") from None
    if not isinstance(numbers, list):
        raise SourceError("its encoding is no list")
    quality = row["quality_score"]
    is_quality = isinstance(quality, float | int) and 0 <= quality <= 1
    return FiledFace(row["encoding_id"], checked_encoding(numbers), float(quality) if is_quality else 0.0)
