"""What an archive says of itself: `manifest.json`, its last member."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from migration.backup.errors import BadArchive
from migration.backup.names import is_safe

FORMAT = "doorbell backup 1"
MANIFEST = "manifest.json"
DATABASE = "database.sqlite3"
CONFIG = "settings/config.json"
ENVIRONMENT = "settings/environment.json"
SECRETS = "secrets/"
MEDIA = "media/"

LONGEST_TEXT = 100
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Member:
    """size: bytes. sha256: 64 hexadecimal digits."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """created_at: ISO 8601, UTC. database: the engine it was taken from. migrations: those applied, `app.name`.
    counts: rows by table. missing_pictures: named by the database, but not in the storage when they were read.
    members: all but the manifest itself."""

    format: str
    created_at: str
    program: str
    django: str
    database: str
    has_secrets: bool
    migrations: list[str]
    counts: dict[str, int]
    missing_pictures: list[str]
    members: list[Member]

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()

    @property
    def pictures(self) -> list[Member]:
        return [member for member in self.members if member.name.startswith(MEDIA)]


def read_manifest(text: bytes) -> Manifest:
    """Raises BadArchive."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadArchive(f"{MANIFEST} is not JSON: {error}") from error
    if not isinstance(given, dict) or set(given) != {field.name for field in fields(Manifest)}:
        raise BadArchive(f"{MANIFEST} is not that of a doorbell's backup, or of one that a newer version made")
    if given["format"] != FORMAT:
        raise BadArchive(f"the format {given['format']!r} is not known here, only {FORMAT!r}; use the newer version")
    for name, is_right in _SHAPES.items():
        if not is_right(given[name]):
            raise BadArchive(f"{MANIFEST} has a wrong value for {name!r}")
    return Manifest(**{**given, "members": [_member(each) for each in given["members"]]})


def _member(given: object) -> Member:
    if not isinstance(given, Mapping) or set(given) != {"name", "size", "sha256"}:
        raise BadArchive(f"{MANIFEST} describes a member wrongly")
    name, size, sha256 = given["name"], given["size"], given["sha256"]
    if not (isinstance(name, str) and _is_count(size) and isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        raise BadArchive(f"{MANIFEST} describes the member {name!r} wrongly")
    return Member(name, size, sha256)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable()


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each.isprintable() for each in value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SHAPES: dict[str, Callable[[Any], bool]] = {
    "created_at": _is_text,
    "program": _is_text,
    "django": _is_text,
    "database": _is_text,
    "has_secrets": lambda value: isinstance(value, bool),
    "migrations": _are_texts,
    "counts": lambda value: isinstance(value, dict) and all(map(_is_count, value.values())),
    "missing_pictures": lambda value: _are_texts(value) and all(map(is_safe, value)),
    "members": lambda value: isinstance(value, list),
}
