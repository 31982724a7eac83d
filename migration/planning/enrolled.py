"""Tell the enrolled pictures and the encoding cache of one list apart and together (facts A.4's table).

| picture              | in the cache | what it is                   | what becomes of it                      |
|----------------------|--------------|------------------------------|-----------------------------------------|
| there                | yes          | active                       | enrolled, the cache's name and encoding |
| newer than the cache | no           | dropped in since             | enrolled, encoded now                   |
| older than the cache | no           | removed in the old web pages | review                                  |
| there, no face       | no           | never usable                 | skipped                                 |
| gone                 | yes          | still recognized             | enrolled without a picture              |

Without a usable cache every picture with one face counts, as the old system itself would have done.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from migration.legacy.caches import Cache, CachedFace
from migration.legacy.faces_seen import SeenFace, SeenPicture
from migration.legacy.names import blocked_name, slug, without_stamp
from migration.legacy.text import shown
from migration.planning.values import Doubt, EnrolledFace, Note, ReviewPlan, Verdict

SAME_PICTURE = 0.05  # facts A.4; the same picture on another processor differs in the last digits
SAME_PICTURE_BY_NAME = 0.25  # where the name says so, too: a large picture is looked at less closely than once


@dataclass(frozen=True, slots=True)
class FaceList:
    """One of the two lists as found. `cached_at`: the cache's file time, None when that tells nothing.
    `unseen`: pictures that the old system overlooked because of their ending."""

    is_blocked: bool
    cache: Cache | None
    cache_path: str
    cached_at: float | None
    pictures: tuple[SeenPicture, ...]
    unseen: tuple[SeenPicture, ...]

    @property
    def kind(self) -> str:
        return "blocked face" if self.is_blocked else "known face"


@dataclass(frozen=True, slots=True)
class Reconciled:
    active: tuple[EnrolledFace, ...]
    doubtful: tuple[ReviewPlan, ...]
    notes: tuple[Note, ...]


def reconcile(found: FaceList) -> Reconciled:
    cached = found.cache.faces if found.cache else ()
    matches = _match(cached, found)
    active = [_from_cache(entry, matches.get(entry.index), found) for entry in cached]
    taken = {id(picture) for picture, _ in matches.values()}
    doubtful: list[ReviewPlan] = []
    notes: list[Note] = []
    for picture in found.pictures:
        if id(picture) in taken:
            continue
        if not picture.faces:
            notes.append(_useless(picture, found))
        elif _is_doubtful(picture, found):
            doubtful += _removed(picture, found)
        elif len(picture.faces) == 1:
            active.append(_from_picture(picture, picture.faces[0], found))
        else:
            doubtful += _choices(picture, found)
    for picture in found.unseen:
        doubtful += _unseen(picture, found)
        notes += [] if picture.faces else [_useless(picture, found)]
    return Reconciled(tuple(active), tuple(doubtful), tuple(notes))


def name_of(picture: SeenPicture, *, is_blocked: bool) -> str:
    """The name that the old system read from the file's; `jon` for `jon.jpg`."""
    stem = picture.entry.name.rpartition(".")[0]
    return blocked_name(stem) if is_blocked else stem


def encoding_key(encoding: "np.ndarray[tuple[int, ...], np.dtype[np.floating]]") -> str:
    return f"encoding:{hashlib.sha256(np.asarray(encoding, '<f4').tobytes()).hexdigest()}"


def _match(cached: Sequence[CachedFace], found: FaceList) -> dict[int, tuple[SeenPicture, SeenFace]]:
    """Return the picture and face of each cache entry, by its index: names that fit first, then the nearest."""
    pairs = sorted(_pairs(cached, found), key=lambda pair: pair[:2])
    matches: dict[int, tuple[SeenPicture, SeenFace]] = {}
    taken: set[int] = set()
    for _, _, index, picture, face in pairs:
        if index not in matches and id(picture) not in taken:
            matches[index] = (picture, face)
            taken.add(id(picture))
    return matches


def _pairs(cached: Sequence[CachedFace], found: FaceList) -> Iterator[tuple[int, float, int, SeenPicture, SeenFace]]:
    if not cached:
        return
    encodings = np.array([entry.encoding for entry in cached])
    for picture in found.pictures:
        for face in picture.faces:
            distances = np.linalg.norm(encodings - face.encoding, axis=1)
            for place in np.flatnonzero(distances < SAME_PICTURE_BY_NAME).tolist():
                entry, distance = cached[place], float(distances[place])
                if _fits(entry.name, picture, found):
                    yield (0 if distance < SAME_PICTURE else 2), distance, entry.index, picture, face
                elif distance < SAME_PICTURE:
                    yield 1, distance, entry.index, picture, face


def _fits(name: str, picture: SeenPicture, found: FaceList) -> bool:
    read = name_of(picture, is_blocked=found.is_blocked)
    return name == read or (slug(name) != "" and slug(name) == without_stamp(read))


def _from_cache(entry: CachedFace, match: tuple[SeenPicture, SeenFace] | None, found: FaceList) -> EnrolledFace:
    encoding = entry.encoding.astype(np.float32)
    face = EnrolledFace(
        name=entry.name,
        is_blocked=found.is_blocked,
        encoding=encoding,
        quality=0.0,
        keys=(encoding_key(encoding),),
        source=f"{found.cache_path} entry {entry.index}",
    )
    if match is None:
        return face
    picture, seen = match
    return replace(
        face,
        quality=seen.quality,
        keys=(*face.keys, _picture_key(picture, seen)),
        source=shown(picture.entry.path),
        picture=picture.entry.path,
        box=seen.box,
        sha256=picture.sha256,
    )


def _from_picture(picture: SeenPicture, seen: SeenFace, found: FaceList) -> EnrolledFace:
    return EnrolledFace(
        name=name_of(picture, is_blocked=found.is_blocked),
        is_blocked=found.is_blocked,
        encoding=seen.encoding,
        quality=seen.quality,
        keys=(_picture_key(picture, seen), encoding_key(seen.encoding)),
        source=shown(picture.entry.path),
        picture=picture.entry.path,
        box=seen.box,
        sha256=picture.sha256,
    )


def _picture_key(picture: SeenPicture, seen: SeenFace) -> str:
    return f"picture:{picture.sha256}:{picture.faces.index(seen)}"


def _is_doubtful(picture: SeenPicture, found: FaceList) -> bool:
    if found.cache is None:
        return False
    return found.cached_at is None or picture.entry.modified_at <= found.cached_at


def _removed(picture: SeenPicture, found: FaceList) -> list[ReviewPlan]:
    if found.cached_at is None:
        reason = "the old system did not recognize it, and the file times do not say whether it is new"
    else:
        reason = "older than the cache and not in it: removed in the old web pages, which left the file"
    return [_review(picture, face, found, Doubt.REMOVED, reason) for face in picture.faces]


def _choices(picture: SeenPicture, found: FaceList) -> list[ReviewPlan]:
    count = len(picture.faces)
    return [
        _review(picture, face, found, Doubt.SEVERAL_FACES, f"the picture shows {count} faces; this is number {number}")
        for number, face in enumerate(picture.faces, start=1)
    ]


def _unseen(picture: SeenPicture, found: FaceList) -> list[ReviewPlan]:
    ending = picture.entry.name.rpartition(".")[2]
    reason = f"the old system read *.jpg alone and never saw this .{ending}"
    return [_review(picture, face, found, Doubt.UNSEEN, reason) for face in picture.faces]


def _review(picture: SeenPicture, seen: SeenFace, found: FaceList, doubt: Doubt, reason: str) -> ReviewPlan:
    name = name_of(picture, is_blocked=found.is_blocked)
    return ReviewPlan(
        doubt=doubt,
        key=_picture_key(picture, seen),
        source=shown(picture.entry.path),
        reason=reason,
        name=without_stamp(name),
        is_blocked=found.is_blocked,
        aliases=(name,),
        encoding=seen.encoding,
        quality=seen.quality,
        picture=picture.entry.path,
        box=seen.box,
    )


def _useless(picture: SeenPicture, found: FaceList) -> Note:
    return Note(found.kind, shown(picture.entry.path), Verdict.SKIPPED, picture.problem or "no face is found in it")
