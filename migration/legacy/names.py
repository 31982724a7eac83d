"""Names as the old system wrote them: file stems, slugs, time stamps, and what of them a person is called."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from faces.people import NAME_MAX, InvalidName, clean_name
from migration.legacy.text import storable

_STAMPED = re.compile(r"(?P<base>.+)_(?P<stamp>\d{8}_\d{6})", re.DOTALL)
_NUMBERED = re.compile(r"(?P<base>.+?)(?:[ _-](?P<number>\d{1,3})| \((?P<copy>\d{1,3})\))", re.DOTALL)
_CAPTURE = re.compile(r"(?P<kind>visitor|test_capture)_(?P<stamp>\d{8}_\d{6})\.jpg")
_CROP = re.compile(r"(?P<base>.+)_(?P<stamp>\d{8}_\d{6})_(?P<number>\d{1,3})\.jpg", re.DOTALL)
_FORBIDDEN = re.compile(r"[<>/\\]")


@lru_cache(20_000)
def fold(name: str) -> str:
    """Return what two spellings of one name have in common: NFC, white space and case aside."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


@lru_cache(20_000)
def slug(name: str) -> str:
    """Return the old web pages' file name for a person; empty where no letter is ASCII."""
    return re.sub(r"[^a-z0-9_-]", "", re.sub(r"\s+", "_", name.strip().lower()))


def without_stamp(stem: str) -> str:
    """`sam_carter_20250918_190412` belongs to the slug `sam_carter`; other stems are names as they are."""
    match = _STAMPED.fullmatch(stem)
    return match["base"] if match and parse_stamp(match["stamp"]) else stem


def is_stamped(stem: str) -> bool:
    return without_stamp(stem) != stem


def without_number(name: str) -> str | None:
    """`jon_2`, `jon-2`, `jon 2` and `jon (2)` may be further pictures of `jon`; None without a number."""
    match = _NUMBERED.fullmatch(name)
    return match["base"].rstrip() or None if match else None


def blocked_name(stem: str) -> str:
    """The old rule for files of the blacklist, which had lost the name's own capitals."""
    return stem.replace("fbi_", "").replace("_", " ").title()


def parse_stamp(stamp: str) -> datetime | None:
    """`20250918_190412`, in the old host's local time; None for a date that never was."""
    try:
        return datetime.strptime(stamp, "%Y%m%d_%H%M%S")  # noqa: DTZ007 - the zone is recorded nowhere
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class CaptureName:
    taken_at: datetime
    is_test: bool


def parse_capture_name(name: str) -> CaptureName | None:
    match = _CAPTURE.fullmatch(name)
    taken_at = parse_stamp(match["stamp"]) if match else None
    return CaptureName(taken_at, match["kind"] == "test_capture") if match and taken_at else None


@dataclass(frozen=True, slots=True)
class CropName:
    """`base`: the matched name, lower-cased, blanks as `_`, or `unknown`. `index`: 0 for the first face."""

    base: str
    taken_at: datetime
    index: int


def parse_crop_name(name: str) -> CropName | None:
    """Read from the right: a base may itself end in a stamp."""
    match = _CROP.fullmatch(name)
    taken_at = parse_stamp(match["stamp"]) if match else None
    if match is None or taken_at is None or match["number"] == "0":
        return None
    return CropName(match["base"], taken_at, int(match["number"]) - 1)


def crop_base(name: str | None) -> str:
    return "unknown" if name is None else name.lower().replace(" ", "_")


def safe_name(text: str) -> str | None:
    """Return the nearest name that may be given here, for pages, messages and logs to show; None when
    nothing of it is left."""
    visible = "".join(
        character if character.isspace() or unicodedata.category(character) not in _HIDDEN else ""
        for character in unicodedata.normalize("NFC", storable(text))
    )
    shortened = " ".join(_FORBIDDEN.sub(" ", visible).split())[:NAME_MAX].strip()
    try:
        return clean_name(shortened)
    except InvalidName:
        return None


_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
