"""The people of faces.db, beside those of the caches, which are the truth about names and deletions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from migration.legacy.face_database import FiledFace, FiledPerson
from migration.legacy.names import fold, safe_name
from migration.legacy.text import shown
from migration.planning.enrolled import encoding_key
from migration.planning.groups import SAME_VECTOR, Group, nearest
from migration.planning.keys import natural_key
from migration.planning.values import Doubt, EnrolledFace, Note, ReviewPlan, Verdict
from pipeline.vision.arrays import Float32Array

KIND = "faces.db person"


@dataclass(slots=True)
class _Desk:
    """Where filed people are sorted to."""

    groups: list[Group]
    doubtful: Sequence[ReviewPlan]
    reviews: list[ReviewPlan]
    notes: list[Note]


def file_people(
    filed: Sequence[FiledPerson],
    groups: list[Group],
    doubtful: Sequence[ReviewPlan],
    reviews: list[ReviewPlan],
    notes: list[Note],
) -> list[Group]:
    """Give each filed person to whom it belongs, make a new group, or ask. Returns all groups.

    doubtful: faces that are in doubt already, which faces.db must not bring back.
    """
    desk = _Desk(groups, doubtful, reviews, notes)
    for person in sorted(filed, key=lambda person: not person.is_blocked):
        if not person.faces:
            notes.append(Note(KIND, _source(person), Verdict.SKIPPED, "no usable encoding is left of them"))
            continue
        owner = _owner(person, desk.groups)
        if owner is not None:
            _add_to(owner, person, desk)
        else:
            _make_anew(person, desk)
    return desk.groups


def _owner(person: FiledPerson, groups: Sequence[Group]) -> Group | None:
    """By the same encoding, else by the name."""
    for group in groups:
        if any(nearest(_vector(face), group.faces) <= SAME_VECTOR for face in person.faces):
            return group
    return next((group for group in groups if person.name and group.is_called(person.name)), None)


def _add_to(owner: Group, person: FiledPerson, desk: _Desk) -> None:
    has_same = any(nearest(_vector(face), owner.faces) <= SAME_VECTOR for face in person.faces)
    if person.is_blocked and not owner.is_blocked:
        if not has_same:
            desk.reviews += _reviews(person, Doubt.BOTH_LISTS, "blocked here, known in the cache", is_blocked=True)
            return
        owner.is_blocked = True
        remark = f"{shown(owner.name)!r} is known in the cache and blocked in faces.db: enrolled as blocked"
        owner.faces = [face.with_remark(remark) for face in owner.faces]
    if has_same:
        owner.names |= dict.fromkeys(_names(person))
    for face in person.faces:
        _add_face(owner, person, face, desk)


def _add_face(owner: Group, person: FiledPerson, face: FiledFace, desk: _Desk) -> None:
    encoding = _vector(face)
    distance = nearest(encoding, owner.faces)
    if distance <= SAME_VECTOR:
        reason = f"the same encoding as one of {shown(owner.name)!r}; its names lead there"
        desk.notes.append(Note(KIND, _source(person, face), Verdict.SKIPPED, reason))
    elif owner.agrees(encoding) and not _is_in_doubt(encoding, desk, is_blocked=owner.is_blocked):
        owner.names |= dict.fromkeys(_names(person))
        owner.faces.append(_enrolled(person, face, is_blocked=owner.is_blocked))
    else:
        reason = f"lies {distance:.2f} from every picture of {shown(owner.name)!r}, who has the same name"
        desk.reviews.append(_review(person, face, Doubt.UNLIKE, reason, is_blocked=owner.is_blocked))


def _make_anew(person: FiledPerson, desk: _Desk) -> None:
    if person.is_blocked is None:
        reason = "the database says neither that they are blocked nor that they are not"
        desk.reviews += _reviews(person, Doubt.UNCLEAR_LIST, reason, is_blocked=True)
    elif person.name is None:
        reason = "made by the old system without a name; write one, or discard it"
        desk.reviews += _reviews(person, Doubt.UNNAMED, reason, is_blocked=person.is_blocked)
    elif any(_is_in_doubt(_vector(face), desk, is_blocked=person.is_blocked) for face in person.faces):
        reason = "the same face is blocked elsewhere, or was removed in the old web pages"
        desk.reviews += _reviews(person, Doubt.BOTH_LISTS, reason, is_blocked=True)
    else:
        group = Group(fold(person.name), person.name, person.is_blocked)
        group.names |= dict.fromkeys(_names(person))
        group.faces += [_enrolled(person, face, is_blocked=person.is_blocked) for face in person.faces]
        desk.groups.append(group)


def _is_in_doubt(encoding: Float32Array, desk: _Desk, *, is_blocked: bool) -> bool:
    """Whether a trusted person would get a face that waits for a decision elsewhere, or is blocked."""
    if is_blocked:
        return False
    in_doubt = [review.encoding for review in (*desk.doubtful, *desk.reviews) if review.encoding is not None]
    blocked = [face.encoding for group in desk.groups if group.is_blocked for face in group.faces]
    return any(float(np.linalg.norm(other - encoding)) <= SAME_VECTOR for other in (*in_doubt, *blocked))


def _enrolled(person: FiledPerson, face: FiledFace, *, is_blocked: bool) -> EnrolledFace:
    return EnrolledFace(
        name=person.name or person.person_id,
        is_blocked=is_blocked,
        encoding=_vector(face),
        quality=face.quality,
        keys=(encoding_key(face.encoding),),
        source=_source(person, face),
    )


def _reviews(person: FiledPerson, doubt: Doubt, reason: str, *, is_blocked: bool) -> list[ReviewPlan]:
    return [_review(person, face, doubt, reason, is_blocked=is_blocked) for face in person.faces]


def _review(person: FiledPerson, face: FiledFace, doubt: Doubt, reason: str, *, is_blocked: bool) -> ReviewPlan:
    return ReviewPlan(
        doubt=doubt,
        key=natural_key(f"faces.db:{person.person_id}:{face.encoding_id}"),
        source=_source(person, face),
        reason=reason,
        name=safe_name(person.name or person.person_id) or "",
        is_blocked=is_blocked,
        aliases=_names(person),
        encoding=_vector(face),
        quality=face.quality,
    )


def _names(person: FiledPerson) -> tuple[str, ...]:
    return (person.person_id, person.name) if person.name else (person.person_id,)


def _source(person: FiledPerson, face: FiledFace | None = None) -> str:
    return f"faces.db person {shown(person.person_id)[:100]}" + (f", encoding {face.encoding_id}" if face else "")


def _vector(face: FiledFace) -> Float32Array:
    return face.encoding.astype(np.float32)
