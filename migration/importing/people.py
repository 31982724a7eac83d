"""People and their samples."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from faces.models import encoding_from_bytes, encoding_to_bytes
from migration.importing.files import Files, cut_out
from migration.importing.fingerprints import person_fingerprints, sample_fingerprints
from migration.importing.ledger import Ledger
from migration.importing.old_names import add_aliases, alias_key
from migration.importing.reviews import ReviewWriter
from migration.importing.tables import row
from migration.legacy.errors import SourceError
from migration.legacy.faces_seen import ENCODING_MODEL
from migration.legacy.names import fold
from migration.legacy.pictures import read_frame
from migration.legacy.tree import SourceTree
from migration.planning.groups import SAME_PERSON
from migration.planning.told import review_of
from migration.planning.values import Doubt, EnrolledFace, PersonPlan, Verdict
from pipeline.vision.geometry import Box

NOWHERE = Box(0, 0, 0, 0)


@dataclass(slots=True)
class PeopleWriter:
    ledger: Ledger
    tree: SourceTree
    files: Files
    reviews: ReviewWriter
    is_dry: bool

    def write(self, people: Iterable[PersonPlan]) -> None:
        for plan in people:
            with transaction.atomic():
                self._write(plan)

    def _write(self, plan: PersonPlan) -> None:
        missing = self._missing(plan)
        person, objection = self._person(plan)
        if objection:
            for face in missing:
                self._ask(face, plan, *objection)
            return
        if person is None and self.ledger.there("person", [plan.key]):
            for face in missing:
                self._skip(face, "the person was deleted here since")
            return
        if not self.is_dry:
            person = person or self._create(plan)
            self._add_aliases(person, plan)
        for face in missing:
            self._add_sample(person, face)

    def _missing(self, plan: PersonPlan) -> list[EnrolledFace]:
        keys = [key for face in plan.faces for key in face.keys]
        there = self.ledger.there("sample", keys).keys() | self.ledger.in_review(keys)
        missing = []
        for face in plan.faces:
            if there.isdisjoint(face.keys):
                missing.append(face)
            else:
                self.ledger.note(_kind(face), face.source, Verdict.ALREADY_THERE)
        return missing

    def _person(self, plan: PersonPlan) -> tuple[Any | None, tuple[Doubt, str] | None]:
        """Return the row that this person has here, and what speaks against adding to it."""
        tables = self.ledger.tables
        imported = self.ledger.there("person", [plan.key]).get(plan.key)
        if imported is not None:
            person = tables.person.objects.filter(pk=imported).first()
            return person, self._objection(person, plan, is_same=True) if person else None
        alias = tables.alias.objects.filter(key=alias_key(plan.name)).select_related("person").first()
        person = alias.person if alias else self._namesake(plan.name)
        return person, self._objection(person, plan, is_same=alias is not None) if person else None

    def _namesake(self, name: str) -> Any | None:
        # Compared here: what a database calls lower case depends on which database it is.
        rows = self.ledger.tables.person.objects.only("pk", "name").iterator(1000)
        pk = next((person.pk for person in rows if fold(person.name) == fold(name)), None)
        return None if pk is None else self.ledger.tables.person.objects.get(pk=pk)

    def _objection(self, person: Any, plan: PersonPlan, *, is_same: bool) -> tuple[Doubt, str] | None:
        if plan.is_blocked and not person.is_blocked:
            return Doubt.BOTH_LISTS, f"blocked in the old system, but {person.name!r} is not blocked here"
        if person.is_blocked and not plan.is_blocked:
            return Doubt.BOTH_LISTS, f"known in the old system, but {person.name!r} is blocked here"
        if is_same or self._agrees(person, plan):
            return None
        return Doubt.UNLIKE, f"somebody else is called {person.name!r} here"

    def _agrees(self, person: Any, plan: PersonPlan) -> bool:
        stored = self.ledger.tables.sample.objects.filter(person=person, encoding_model=ENCODING_MODEL)
        encodings = [encoding_from_bytes(encoding) for encoding in stored.values_list("encoding", flat=True)]
        if not encodings:
            return True
        distances = [np.linalg.norm(np.stack(encodings) - face.encoding, axis=1).min() for face in plan.faces]
        return bool(min(distances) <= SAME_PERSON)

    def _create(self, plan: PersonPlan) -> Any:
        tables = self.ledger.tables
        person = row(tables.person, name=plan.name, is_blocked=plan.is_blocked)
        person.save()
        fingerprint = person_fingerprints(tables, [person.pk])[person.pk]
        self.ledger.save(self.ledger.enter("person", [plan.key], plan.faces[0].source, person, fingerprint))
        return person

    def _add_aliases(self, person: Any, plan: PersonPlan) -> None:
        tables = self.ledger.tables
        keys = {key for name in plan.aliases if (key := alias_key(name))}
        if tables.alias.objects.filter(key__in=list(keys)).count() < len(keys):
            add_aliases(tables, person, plan.aliases, run=self.ledger.run)

    def _add_sample(self, person: Any | None, face: EnrolledFace) -> None:
        try:
            image, box = self._image(face)
        except SourceError as error:
            self._skip(face, str(error))
            return
        if not self.is_dry:
            self._save_sample(person, face, image, box)
        reasons = ["" if face.picture else "no picture is left; the old encoding is kept", face.remark]
        self.ledger.note(_kind(face), face.source, Verdict.IMPORTED, "; ".join(filter(None, reasons)))

    def _save_sample(self, person: Any, face: EnrolledFace, image: str, box: Box) -> None:
        tables = self.ledger.tables
        sample = row(
            tables.sample,
            person=person,
            image=image,
            encoding=encoding_to_bytes(face.encoding),
            encoding_model=ENCODING_MODEL,
            quality=face.quality,
            box_top=box.top,
            box_right=box.right,
            box_bottom=box.bottom,
            box_left=box.left,
        )
        sample.save()
        fingerprint = sample_fingerprints(tables, [sample.pk])[sample.pk]
        self.ledger.save(self.ledger.enter("sample", face.keys, face.source, sample, fingerprint))
        tables.gallery_changed()

    def _image(self, face: EnrolledFace) -> tuple[str, Box]:
        if face.picture is None or face.box is None:
            return "", NOWHERE
        _, frame = read_frame(self.tree, face.picture)
        jpeg, box = cut_out(frame, face.box)
        return self.files.store("samples", face.keys[0], jpeg), box

    def _ask(self, face: EnrolledFace, plan: PersonPlan, doubt: Doubt, reason: str) -> None:
        self.reviews.write_one(review_of(face, doubt, reason, name=plan.name, is_blocked=plan.is_blocked))

    def _skip(self, face: EnrolledFace, reason: str) -> None:
        self.ledger.note(_kind(face), face.source, Verdict.SKIPPED, reason)


def _kind(face: EnrolledFace) -> str:
    return "blocked face" if face.is_blocked else "known face"
