"""Who becomes a person: both lists and faces.db together. Whoever is on the blacklist never becomes trusted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from migration.legacy.face_database import FiledPerson
from migration.legacy.names import fold, safe_name, without_number
from migration.legacy.text import shown, storable
from migration.planning.both_lists import part_from_blocked
from migration.planning.filed import file_people
from migration.planning.groups import Group, group_by_name, nearest
from migration.planning.keys import natural_key
from migration.planning.told import note_of, review_of
from migration.planning.values import Doubt, EnrolledFace, Note, PersonPlan, ReviewPlan, Verdict

BLOCKED_TOLERANCE = 0.5  # the old system's own for its blacklist


@dataclass(slots=True)
class People:
    """Collects while it is planned."""

    people: list[PersonPlan] = field(default_factory=list)
    reviews: list[ReviewPlan] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def plan_people(
    blocked: Sequence[EnrolledFace],
    known: Sequence[EnrolledFace],
    filed: Sequence[FiledPerson],
    doubtful: Sequence[ReviewPlan],
) -> People:
    """doubtful: what was found uncertain before; it is passed on, under the names that fit."""
    planned = People()
    blocked_groups = group_by_name(_distinct(blocked, planned))
    known_groups = group_by_name(_distinct(known, planned))
    known_groups = part_from_blocked(known_groups, blocked_groups, planned.reviews, planned.notes)
    groups = [*blocked_groups, *known_groups]
    _keep_other_names(groups)
    groups = file_people(filed, groups, doubtful, planned.reviews, planned.notes)
    planned.reviews += [_addressed(review, groups) for review in doubtful]
    planned.people = _with_likeness(_named(groups, planned))
    return planned


def _distinct(faces: Iterable[EnrolledFace], planned: People) -> list[EnrolledFace]:
    """Leave out what is there twice: the same picture, under whatever name. The shortest name keeps it."""
    place: dict[str, int] = {}
    kept: list[EnrolledFace] = []
    for face in sorted(faces, key=lambda face: len(face.name)):
        earlier = next((place[key] for key in face.keys if key in place), None)
        if earlier is None:
            place |= dict.fromkeys(face.keys, len(kept))
            kept.append(face)
        else:
            first = kept[earlier]
            kept[earlier] = replace(first, other_names=(*first.other_names, face.name))
            reason = f"the same picture as {first.source}, which is {shown(first.name)!r}"
            planned.notes.append(note_of(face, Verdict.SKIPPED, reason))
    return kept


def _keep_other_names(groups: Sequence[Group]) -> None:
    """Old visits may carry any name of a picture that was there twice, unless that is somebody else's."""
    for group in groups:
        for name in [name for face in group.faces for name in face.other_names]:
            if not any(name in other.names or other.is_called(name) for other in groups):
                group.names[name] = None


def _addressed(review: ReviewPlan, groups: Sequence[Group]) -> ReviewPlan:
    """Suggest the person whose name the picture carries: a blocked one stays blocked if the picture is accepted."""
    owner = next((group for group in groups for name in review.aliases if group.is_called(name)), None)
    if owner is not None:
        owner.names |= dict.fromkeys(review.aliases)
    else:
        owner = _numbered_owner(review, groups)
    if owner is None:
        return replace(review, name=safe_name(review.name) or "")
    return replace(review, name=safe_name(owner.name) or "", is_blocked=owner.is_blocked or review.is_blocked)


def _numbered_owner(review: ReviewPlan, groups: Sequence[Group]) -> Group | None:
    """`jon_3` may be a further picture of `jon`, if the face agrees."""
    base = without_number(review.name)
    if base is None or review.encoding is None:
        return None
    return next((group for group in groups if group.is_called(base) and group.agrees(review.encoding)), None)


def _named(groups: Sequence[Group], planned: People) -> list[PersonPlan]:
    people = []
    taken: set[str] = set()
    for group in groups:
        name = safe_name(group.name)
        if name is None:
            planned.reviews += [_nameless(face) for face in group.faces]
            continue
        name = _free(name, taken)
        taken.add(fold(name))
        faces = group.faces
        if fold(name) != fold(group.name):
            remark = f"{shown(group.name)[:100]!r} cannot be a name here; enrolled as {name!r}"
            faces = [face.with_remark(remark) for face in faces]
        aliases = tuple(dict.fromkeys(storable(alias) for alias in [*group.names, group.name, name]))
        people.append(PersonPlan(natural_key(group.key), name, group.is_blocked, aliases, tuple(faces)))
    return people


def _free(name: str, taken: set[str]) -> str:
    number = 1
    candidate = name
    while fold(candidate) in taken:
        number += 1
        candidate = f"{name[:90]} {number}"
    return candidate


def _nameless(face: EnrolledFace) -> ReviewPlan:
    reason = f"{shown(face.name)!r} is no name; write one before you accept it"
    return review_of(face, Doubt.BAD_NAME, reason, name="", is_blocked=face.is_blocked)


def _with_likeness(people: Sequence[PersonPlan]) -> list[PersonPlan]:
    """The old system raised the alarm for such a face, whoever else it knew there; so does this one."""
    blocked = [person for person in people if person.is_blocked]
    return [
        person if person.is_blocked else replace(person, faces=tuple(_compared(face, blocked) for face in person.faces))
        for person in people
    ]


def _compared(face: EnrolledFace, blocked: Sequence[PersonPlan]) -> EnrolledFace:
    distances = [(nearest(face.encoding, person.faces), person.name) for person in blocked]
    distance, name = min(distances, default=(float("inf"), ""))
    if distance > BLOCKED_TOLERANCE:
        return face
    return face.with_remark(f"looks like {name!r}, who is blocked (distance {distance:.2f}): the alarm goes first")
