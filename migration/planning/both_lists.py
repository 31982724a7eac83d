"""Who is both known and blacklisted: the blacklist wins, whichever way the two lists meet.

| the known person has            | faces that lie within the tolerance | the other faces                       |
|---------------------------------|-------------------------------------|---------------------------------------|
| a blocked person's picture, and |                                     |                                       |
| - that person's name            | enrolled as blocked                 | enrolled as blocked: it is one person |
| - another name                  | enrolled as blocked                 | review                                |
| a blocked person's name alone   | enrolled as blocked                 | review                                |
"""

from collections.abc import Sequence
from dataclasses import replace

from migration.legacy.text import shown
from migration.planning.groups import SAME_VECTOR, Group, nearest
from migration.planning.told import note_of, review_of
from migration.planning.values import Doubt, EnrolledFace, Note, ReviewPlan, Verdict


def part_from_blocked(
    known: Sequence[Group], blocked: Sequence[Group], reviews: list[ReviewPlan], notes: list[Note]
) -> list[Group]:
    """Move known people who are on the blacklist to their blocked selves; return the others."""
    trusted = []
    for group in known:
        twin = next((owner for face in group.faces if (owner := _pictured_in(face, blocked)) is not None), None)
        namesake = next((other for other in blocked if any(map(other.is_called, group.names))), None)
        owner = twin if twin is not None else namesake
        if owner is None:
            trusted.append(group)
            continue
        owner.names |= group.names
        for face in group.faces:
            same = _pictured_in(face, blocked)
            if same is not None:
                notes.append(_join(face, same))
            elif owner.agrees(face.encoding) or (twin is not None and twin is namesake):
                owner.faces.append(_as_blocked(face, owner))
            else:
                reviews.append(_doubted(face, owner))
    return trusted


def _pictured_in(face: EnrolledFace, blocked: Sequence[Group]) -> Group | None:
    return next((group for group in blocked if nearest(face.encoding, group.faces) <= SAME_VECTOR), None)


def _join(face: EnrolledFace, owner: Group) -> Note:
    """The same picture is on both lists: it is enrolled once, as the blocked person's, with the
    blacklist's encoding. Returns what is told of the other file."""
    place = min(range(len(owner.faces)), key=lambda place: nearest(face.encoding, owner.faces[place : place + 1]))
    same = owner.faces[place]
    names = tuple(dict.fromkeys([*same.other_names, face.name, *face.other_names]))
    if face.picture is None:
        owner.faces[place] = replace(same, other_names=names)
        reason = f"the same picture is on the blacklist as {shown(owner.name)!r}: the blacklist wins"
        return note_of(face, Verdict.SKIPPED, reason)
    keys = tuple(dict.fromkeys([*same.keys, *face.keys]))
    owner.faces[place] = _as_blocked(replace(face, encoding=same.encoding, keys=keys, other_names=names), owner)
    reason = f"the same picture as {face.source}: {shown(owner.name)!r} is on both lists, and the blacklist wins"
    return note_of(same, Verdict.SKIPPED, reason)


def _as_blocked(face: EnrolledFace, owner: Group) -> EnrolledFace:
    remark = f"{shown(owner.name)!r} is on both lists: enrolled as blocked"
    if not owner.agrees(face.encoding):
        remark += f", though it lies {nearest(face.encoding, owner.faces):.2f} from the other pictures"
    return replace(face, is_blocked=True).with_remark(remark)


def _doubted(face: EnrolledFace, owner: Group) -> ReviewPlan:
    reason = f"{shown(owner.name)!r} is on the blacklist, with another face"
    return review_of(face, Doubt.BOTH_LISTS, reason, name=owner.name, is_blocked=True)
