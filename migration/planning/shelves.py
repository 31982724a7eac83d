"""The captures and cropped faces of the old installation, by name, each given away once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from migration.legacy.names import CropName, crop_base, parse_crop_name
from migration.legacy.text import shown
from migration.legacy.tree import Entry, EntryKind
from migration.planning.values import Note, Verdict


class CaptureShelf:
    """`captures/*.jpg`."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._taken: set[str] = set()

    def take(self, name: str) -> Entry | None:
        """Return the picture of that name, the first time that it is asked for."""
        entry = self._entries.get(name)
        if entry is None or name in self._taken:
            return None
        self._taken.add(name)
        return entry

    def is_taken(self, name: str) -> bool:
        return name in self._taken

    def written_at(self, name: str | None) -> float | None:
        entry = self._entries.get(name or "")
        return entry.modified_at if entry else None

    def rest(self) -> Iterator[Entry]:
        return (entry for name, entry in self._entries.items() if name not in self._taken)


@dataclass(frozen=True, slots=True)
class Crop:
    entry: Entry
    name: CropName
    is_known: bool


class CropShelf:
    """`cropped_faces/known` and `cropped_faces/unknown`; blocked people's crops lie in the latter."""

    def __init__(self, known: Iterable[Entry], unknown: Iterable[Entry]) -> None:
        self._crops: dict[datetime, list[Crop]] = defaultdict(list)
        self._strange: list[Entry] = []
        self._taken: set[str] = set()
        for entries, is_known in ((known, True), (unknown, False)):
            for entry in entries:
                name = parse_crop_name(entry.name)
                if name is None:
                    self._strange.append(entry)
                else:
                    self._crops[name.taken_at].append(Crop(entry, name, is_known))

    def take(self, taken_at: datetime, index: int, name: str | None) -> Entry | None:
        """Return the crop of the face with that place in its visit's list, if it carries the face's name."""
        for crop in self._crops.get(taken_at.replace(microsecond=0, tzinfo=None), ()):
            fits = crop.name.index == index and crop.name.base == crop_base(name)
            if fits and crop.entry.path not in self._taken:
                self._taken.add(crop.entry.path)
                return crop.entry
        return None

    def take_all(self, taken_at: datetime) -> list[Crop]:
        """Return what is left of a moment, in the order of the faces."""
        crops = [crop for crop in self._crops.get(taken_at, ()) if crop.entry.path not in self._taken]
        self._taken |= {crop.entry.path for crop in crops}
        return sorted(crops, key=lambda crop: crop.name.index)

    def rest(self) -> Iterator[Note]:
        for entry in self._strange:
            yield _skipped(entry, "its name is not one that the old system gave to a face")
        for crops in self._crops.values():
            for crop in crops:
                if crop.entry.path not in self._taken:
                    yield _skipped(crop.entry, "no visit of that moment shows such a face")


def pictures_in(entries: Iterable[Entry], kind: str) -> tuple[list[Entry], list[Note]]:
    """Part a folder's `*.jpg` files from the rest of it."""
    pictures, notes = [], []
    for entry in entries:
        if entry.kind is not EntryKind.FILE:
            notes.append(Note(kind, shown(entry.path), Verdict.SKIPPED, f"a {entry.kind.value}: not read"))
        elif entry.name.startswith("."):
            notes += [] if entry.name in IGNORED else [_skipped(entry, "a hidden file", kind)]
        elif entry.name.endswith(".jpg"):
            pictures.append(entry)
        elif entry.name not in IGNORED:
            notes.append(_skipped(entry, "not a picture of the old system", kind))
    return pictures, notes


IGNORED = frozenset([".gitkeep", ".DS_Store", "Thumbs.db", "desktop.ini"])


def _skipped(entry: Entry, reason: str, kind: str = "cropped face") -> Note:
    return Note(kind, shown(entry.path), Verdict.SKIPPED, reason)
