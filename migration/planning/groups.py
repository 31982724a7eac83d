"""Which old names are one person: spellings, web-page file names, numbered files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from migration.legacy.names import fold, is_stamped, slug, without_number, without_stamp
from migration.planning.values import EnrolledFace
from pipeline.vision.arrays import Float32Array

# The old tolerance for known people, which is dlib's own threshold for two pictures of one person.
SAME_PERSON = 0.6
SAME_VECTOR = 0.001  # one picture encoded twice, here and there


@dataclass(eq=False, slots=True)
class Group:
    """A person in the making. `name`: as shown in the old system; `names`: every old name, in order."""

    key: str
    name: str
    is_blocked: bool
    names: dict[str, None] = field(default_factory=dict)
    faces: list[EnrolledFace] = field(default_factory=list)

    def add(self, face: EnrolledFace) -> None:
        self.names[face.name] = None
        self.faces.append(face)

    def absorb(self, other: "Group") -> None:
        self.names |= other.names
        self.faces += other.faces

    def is_called(self, name: str) -> bool:
        """Whether `name` is a spelling of this person's, as old names and file names go."""
        base = without_stamp(name)
        return fold(base) == self.key or (slug(base) != "" and slug(base) == slug(self.name))

    def agrees(self, encoding: Float32Array) -> bool:
        return nearest(encoding, self.faces) <= SAME_PERSON


def nearest(encoding: Float32Array, faces: Sequence[EnrolledFace]) -> float:
    """Return the Euclidean distance to the nearest of `faces`; infinity when there is none."""
    if not faces:
        return float("inf")
    encodings = np.stack([face.encoding for face in faces])
    return float(np.linalg.norm(encodings - encoding, axis=1).min())


def group_by_name(faces: Iterable[EnrolledFace]) -> list[Group]:
    """Put faces of one name together, then names of one person: `Sam Carter` with
    `sam_carter_20250918_190412`, and `jon` with `jon_2` when their faces agree."""
    groups: dict[str, Group] = {}
    plain = sorted(faces, key=lambda face: is_stamped(face.name))  # names that people gave come first
    for face in plain:
        group = _called(face.name, groups) if is_stamped(face.name) else groups.get(fold(face.name))
        if group is None:
            base = without_stamp(face.name)
            group = groups.setdefault(fold(base), Group(fold(base), base, face.is_blocked))
        group.add(face)
    _join_slugs(groups)
    _join_numbered(groups)
    return list(groups.values())


def _called(name: str, groups: dict[str, Group]) -> Group | None:
    return next((group for group in groups.values() if group.is_called(name)), None)


def _join_slugs(groups: dict[str, Group]) -> None:
    """`sam_carter.jpg`, dropped in by hand, is the `Sam Carter` of the web pages if the face agrees."""
    by_slug: dict[str, Group] = {}
    for key, group in list(groups.items()):
        word = slug(group.name)
        first = by_slug.setdefault(word, group) if word else group
        if first is not group and _agree(first, group):
            first.absorb(groups.pop(key))


def _join_numbered(groups: dict[str, Group]) -> None:
    for key in sorted(groups, key=lambda key: (len(key), key)):
        base = without_number(groups[key].name)
        if base is None:
            continue
        first = groups.get(fold(base)) or next(
            (group for other, group in groups.items() if other != key and without_number(group.name) == base), None
        )
        if first is not None and first is not groups[key] and _agree(first, groups[key]):
            first.absorb(groups.pop(key))


def _agree(first: Group, second: Group) -> bool:
    return any(first.agrees(face.encoding) for face in second.faces)
