"""Visits, a batch at a time: pictures first, then all rows of the batch in one transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction

from faces.models import encoding_to_bytes
from migration.importing.files import Files
from migration.importing.fingerprints import event_fingerprints
from migration.importing.ledger import Ledger
from migration.importing.old_names import NAME_MAX, OldNames, alias_key, mention
from migration.importing.reviews import ReviewWriter
from migration.importing.shots import Shot, ShotMaker
from migration.importing.tables import row
from migration.legacy.text import shown
from migration.planning.plan import Progress
from migration.planning.values import FacePlan, Note, ReviewPlan, Verdict, VisitPlan
from pipeline.vision.geometry import Box

BATCH = 100
REASON_MAX = 300
KIND = "visit"
NOWHERE = Box(0, 0, 0, 0)


@dataclass(frozen=True, eq=False, slots=True)
class _Visit:
    plan: VisitPlan
    shots: tuple[Shot, ...]
    reason: str


@dataclass(slots=True)
class VisitWriter:
    ledger: Ledger
    shots: ShotMaker
    files: Files
    reviews: ReviewWriter
    names: OldNames
    is_dry: bool

    def write(self, planned: Iterable[VisitPlan | ReviewPlan | Note], total: int, progress: Progress) -> None:
        done = 0
        for batch in _batches(self._sorted_out(planned)):
            self._write_batch(batch)
            done += len(batch)
            progress("visits", done, max(total, done))

    def _sorted_out(self, planned: Iterable[VisitPlan | ReviewPlan | Note]) -> Iterator[VisitPlan]:
        for item in planned:
            if isinstance(item, VisitPlan):
                yield item
            elif isinstance(item, Note):
                self.ledger.report.add(item)
            else:
                self.reviews.write_one(item)

    def _write_batch(self, batch: list[VisitPlan]) -> None:
        there = self.ledger.there(KIND, (key for plan in batch for key in plan.keys))
        new = [plan for plan in batch if there.keys().isdisjoint(plan.keys)]
        for plan in batch:
            if plan not in new:
                self._note_there(plan)
        visits = [visit for plan in new if (visit := self._visit(plan)) is not None]
        if not self.is_dry:
            self._save(visits)
        for visit in visits:
            self.ledger.note(KIND, visit.plan.source, Verdict.IMPORTED, visit.reason)

    def _note_there(self, plan: VisitPlan) -> None:
        self.ledger.note(KIND, plan.source, Verdict.ALREADY_THERE)
        for shot in plan.shots:
            if shot.picture:
                self.ledger.note("capture", shown(shot.picture), Verdict.ALREADY_THERE)
            for face in shot.faces:
                if face.crop:
                    self.ledger.note("cropped face", shown(face.crop), Verdict.ALREADY_THERE)

    def _visit(self, plan: VisitPlan) -> _Visit | None:
        made = [self.shots.make(shot, plan.keys[0]) for shot in plan.shots]
        shots = tuple(shot for found, _ in made for shot in found)
        if plan.is_picture_alone and not shots:
            return None
        reasons = dict.fromkeys([plan.reason, *(problem for _, problem in made), *self._mentions(plan)])
        return _Visit(plan, shots, "; ".join(filter(None, reasons))[:REASON_MAX])

    def _mentions(self, plan: VisitPlan) -> Iterator[str]:
        for shot in plan.shots:
            for face in shot.faces:
                if face.name is not None and self.names.person_id(face.name) is None and not self.is_dry:
                    yield mention(face.name)

    def _save(self, visits: list[_Visit]) -> None:
        try:
            with transaction.atomic():
                self._save_rows(visits)
        except BaseException:
            for visit in visits:
                for shot in visit.shots:
                    self.files.forget(shot.image)
            raise

    def _save_rows(self, visits: list[_Visit]) -> None:
        tables = self.ledger.tables
        events = tables.event.objects.bulk_create([self._event(visit) for visit in visits])
        pairs = [(event, shot) for event, visit in zip(events, visits, strict=True) for shot in visit.shots]
        captures = tables.capture.objects.bulk_create([self._capture(event, shot) for event, shot in pairs])
        faces = list(_with_tracks(pairs, captures))
        observations = tables.observation.objects.bulk_create([self._observation(*face) for face in faces])
        self._note_unresolved(zip(observations, faces, strict=True))
        fingerprints = event_fingerprints(tables, [event.pk for event in events])
        items = [
            item
            for event, visit in zip(events, visits, strict=True)
            for item in self.ledger.enter(KIND, visit.plan.keys, visit.plan.source, event, fingerprints[event.pk])
        ]
        if items:
            self.ledger.save(items)

    def _event(self, visit: _Visit) -> Any:
        plan = visit.plan
        return row(
            self.ledger.tables.event,
            trigger=plan.trigger,
            outcome=plan.outcome,
            reason=visit.reason,
            started_at=plan.started_at,
            closed_at=plan.decided_at,
            decided_at=plan.decided_at,
            settled_at=plan.decided_at,
        )

    def _capture(self, event: Any, shot: Shot) -> Any:
        return row(
            self.ledger.tables.capture,
            event=event,
            image=shot.image,
            taken_at=shot.taken_at,
            width=shot.width,
            height=shot.height,
            status="done",
            error=shot.error[:REASON_MAX],
            status_at=shot.taken_at,
            created_at=shot.taken_at,
        )

    def _observation(self, capture: Any, face: FacePlan, track: int) -> Any:
        box = face.box or NOWHERE
        return row(
            self.ledger.tables.observation,
            capture=capture,
            box_top=box.top,
            box_right=box.right,
            box_bottom=box.bottom,
            box_left=box.left,
            confidence=0.0,  # recorded nowhere
            landmarks=[],  # a `migrate` of this app alone writes before events.0006 takes the column away
            quality=face.quality,
            encoding=None if face.encoding is None else encoding_to_bytes(face.encoding),
            track=track,
            status=face.status,
            person_id=None if face.name is None else self.names.person_id(face.name),
            distance=face.distance,
        )

    def _note_unresolved(self, saved: Iterable[tuple[Any, tuple[Any, FacePlan, int]]]) -> None:
        tables = self.ledger.tables
        tables.unresolved_name.objects.bulk_create(
            [
                row(
                    tables.unresolved_name,
                    observation=observation,
                    name=face.name[:NAME_MAX],
                    key=alias_key(face.name),
                )
                for observation, (_, face, _) in saved
                if face.name is not None and observation.person_id is None
            ]
        )


def _with_tracks(pairs: list[tuple[Any, Shot]], captures: list[Any]) -> Iterator[tuple[Any, FacePlan, int]]:
    """Number the faces of each visit: a name is one face in all its captures, others are each their own."""
    tracks: dict[Any, dict[object, int]] = {}
    for (event, shot), capture in zip(pairs, captures, strict=True):
        numbers = tracks.setdefault(event.pk, {})
        for place, face in enumerate(shot.faces):
            who = (capture.pk, place) if face.name is None else face.name
            yield capture, face, numbers.setdefault(who, len(numbers))


def _batches(visits: Iterator[VisitPlan]) -> Iterator[list[VisitPlan]]:
    while batch := list(islice(visits, BATCH)):
        yield batch
