"""`events.log`: one `repr` of a dict a line, with `inf`, and `np.float64(…)` since numpy 2."""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PureWindowsPath
from typing import BinaryIO

from migration.legacy.literals import Dialect, NotLiteral, parse_literal
from migration.legacy.text import shown, storable

MAX_LINE_BYTES = 1024 * 1024
MAX_FACES = 64
MAX_NAME = 1000
EVENT_TYPES = ("KNOWN_VISITOR", "UNKNOWN_VISITOR", "BLACKLIST_ALERT", "NO_FACES", "CAPTURE_FAILURE")
STATUSES = ("known", "unknown", "blacklisted")
_REPR = Dialect(numpy=True)


@dataclass(frozen=True, slots=True)
class LoggedFace:
    """`distance`: Euclidean; None where there was no match (the log writes `inf`) or no number."""

    status: str
    name: str | None
    distance: float | None


@dataclass(frozen=True, slots=True)
class LoggedVisit:
    """`at`: naive local time of the old host, unless the line gives an offset. `capture`: the picture's
    file name alone; its folder was the old host's. `key`: what makes two lines the same visit."""

    line: int
    at: datetime
    event_type: str
    faces: tuple[LoggedFace, ...]
    capture: str | None
    key: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BadLine:
    line: int
    reason: str


def read_log(file: BinaryIO) -> Iterator[LoggedVisit | BadLine]:
    """Yield what each line says; blank lines are nothing. Holds one line in memory at a time."""
    for number, raw in _lines(file):
        if raw is None:
            yield BadLine(number, f"longer than {MAX_LINE_BYTES:,} bytes")
            continue
        text, warnings = _decoded(raw)
        if text:
            try:
                yield _visit(number, text, warnings)
            except NotLiteral as error:
                yield BadLine(number, str(error))


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE_BYTES)
            yield number, None
        else:
            yield number, line


def _decoded(raw: bytes) -> tuple[str, list[str]]:
    """The old program wrote in its locale's encoding, which is recorded nowhere: UTF-8, else Western."""
    warnings = []
    cleaned = raw.replace(b"\0", b"")
    if len(cleaned) != len(raw):
        warnings.append("zero bytes of a power cut were removed")
    try:
        text = cleaned.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = cleaned.decode("cp1252", "replace")
        warnings.append("not UTF-8; read as Windows-1252, letters with accents may be wrong")
    return text.strip(), warnings


def _visit(number: int, text: str, warnings: list[str]) -> LoggedVisit:
    record = parse_literal(text, _REPR)
    if not isinstance(record, dict):
        raise NotLiteral("it is no record of a visit")
    event_type = record.get("event_type")
    if event_type not in EVENT_TYPES:
        raise NotLiteral(f"{shown(str(event_type))[:60]!r} is no kind of visit")
    at = _time(record.get("timestamp"))
    capture = _capture(record, warnings)
    key = hashlib.sha256(
        repr((record["timestamp"], event_type, record.get("capture_path"))).encode("utf-8", "surrogatepass")
    ).hexdigest()
    return LoggedVisit(number, at, str(event_type), _faces(record, warnings), capture, key, tuple(warnings))


def _time(value: object) -> datetime:
    try:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise NotLiteral(f"{shown(str(value))[:60]!r} is no time") from None


def _capture(record: dict[object, object], warnings: list[str]) -> str | None:
    path = record.get("capture_path")
    if "capture_path" not in record:
        warnings.append("it names no picture")
    if path is None:
        return None
    if not isinstance(path, str):
        raise NotLiteral("capture_path is no text")
    # Both separators: the log may come from Windows.
    return PureWindowsPath(path).name or None


def _faces(record: dict[object, object], warnings: list[str]) -> tuple[LoggedFace, ...]:
    faces = record.get("faces")
    if "faces" not in record:
        warnings.append("it names no faces")
        return ()
    if not isinstance(faces, list) or len(faces) > MAX_FACES:
        raise NotLiteral("`faces` is no list of faces")
    return tuple(_face(face) for face in faces)


def _face(face: object) -> LoggedFace:
    if not isinstance(face, dict) or face.get("status") not in STATUSES:
        raise NotLiteral("`faces` is no list of faces")
    name, distance = face.get("name"), face.get("distance")
    if name is not None and not isinstance(name, str):
        raise NotLiteral("a name is no text")
    is_measured = isinstance(distance, int | float) and not isinstance(distance, bool) and 0 <= distance < math.inf
    return LoggedFace(
        str(face["status"]),
        storable(name)[:MAX_NAME] if name is not None else None,
        float(distance) if is_measured else None,  # type: ignore[arg-type]
    )
