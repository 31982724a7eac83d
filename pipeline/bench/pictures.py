"""Whose pictures the benchmark works on: two portraits that anybody has, or a folder of people and visits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.bench.errors import BenchError
from pipeline.demo.portraits import EILEEN_COLLINS, GRACE_HOPPER, PortraitMissing

REPOSITORY = Path(__file__).resolve().parent.parent.parent

# Who is to be seen in the visits of the example folder. Other files in it are not looked at.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "alex_lacamoire1.jpg": ("alex_lacamoire",),
    "four_channel.png": ("obama",),
    "johnsnow_test1.jpg": ("kit_harington",),
    "kit_with_rose.jpg": ("kit_harington", "rose_leslie"),
    "obama1.jpg": ("obama",),
    "obama_and_biden.jpg": ("obama", "biden"),
    "obama_partial_face.jpg": ("obama",),
    "two_people.jpg": ("obama", "biden"),
}
STRANGERS_IN = frozenset({"obama_and_biden.jpg"})
CLIP = "two_visitors.mp4"


@dataclass(frozen=True, slots=True)
class Visit:
    """A picture of people at the door. names: the enrolled ones; has_strangers: besides, others whom HOG finds."""

    path: Path
    names: tuple[str, ...]
    has_strangers: bool = False


@dataclass(frozen=True, slots=True)
class Household:
    """enrolled: pictures by name, one face in each. clip: None where there is none."""

    enrolled: Mapping[str, tuple[Path, ...]]
    visits: tuple[Visit, ...]
    clip: Path | None = None


def load_household(folder: Path | None) -> Household:
    """folder: None takes the two portraits. Raises BenchError."""
    return _portraits() if folder is None else _from_folder(folder)


def find_media(given: Path | None) -> Path | None:
    """Return the folder given, else the one in DOORBELL_SHARED or `../shared`; None where neither is there."""
    if given is not None:
        return given.expanduser().resolve()
    folder = Path(os.environ.get("DOORBELL_SHARED", REPOSITORY.parent / "shared")) / "media"
    return folder if (folder / "enroll").is_dir() else None


def _portraits() -> Household:
    try:
        paths = {portrait.name: portrait.path() for portrait in (GRACE_HOPPER, EILEEN_COLLINS)}
    except PortraitMissing as error:
        raise BenchError(str(error)) from error
    return Household(
        {name: (path,) for name, path in paths.items()}, tuple(Visit(path, (name,)) for name, path in paths.items())
    )


def _from_folder(folder: Path) -> Household:
    if not folder.is_dir():
        raise BenchError(f"{folder} is not a folder; name one with enroll/NAME/ in it, or leave --media out")
    people = sorted(path for path in (folder / "enroll").glob("*") if path.is_dir())
    enrolled = {person.name: pictures for person in people if (pictures := _files(person))}
    if not enrolled:
        raise BenchError(f"{folder} has no people; put pictures in {folder}/enroll/NAME/, or leave --media out")
    visits = tuple(
        Visit(path, SHOWN[path.name], path.name in STRANGERS_IN)
        for path in _files(folder / "visits")
        if path.name in SHOWN and enrolled.keys() >= set(SHOWN[path.name])
    )
    # A folder of one's own holds no visits that this file knows: the enrolled pictures serve as such.
    visits = visits or tuple(Visit(pictures[0], (name,)) for name, pictures in enrolled.items())
    clip = folder / CLIP
    return Household(enrolled, visits, clip if clip.is_file() else None)


def _files(folder: Path) -> tuple[Path, ...]:
    """Without what a desktop hides there, such as .DS_Store."""
    return tuple(sorted(path for path in folder.glob("[!.]*") if path.is_file()))
