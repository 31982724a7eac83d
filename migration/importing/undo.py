"""Going back: what an import made is removed, unless somebody has changed it since or builds on it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from migration.importing.fingerprints import (
    channel_fingerprints,
    event_fingerprints,
    person_fingerprints,
    sample_fingerprints,
)
from migration.importing.tables import Tables

BATCH = 200
CHANGED = "changed since"
IN_USE = "something else refers to it"
DECIDED = "decided in the review list"


@dataclass(slots=True)
class UndoReport:
    """`removed`: how many rows of each kind. `kept`: source and reason of what stays."""

    removed: dict[str, int] = field(default_factory=dict)
    kept: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, count: int) -> None:
        if count:
            self.removed[kind] = self.removed.get(kind, 0) + count


@dataclass(slots=True)
class Undo:
    tables: Tables
    runs: Sequence[int]
    report: UndoReport = field(default_factory=UndoReport)

    def carry_out(self) -> UndoReport:
        """Remove what the runs imported. Stopped half-way, the next call goes on."""
        self._remove("visit", self.tables.event, event_fingerprints, self._event_files)
        self._remove("channel", self.tables.channel, channel_fingerprints)
        in_use = self._people_in_use()
        self._remove("sample", self.tables.sample, sample_fingerprints, _images, spared=self._samples_of(in_use))
        self._remove("person", self.tables.person, person_fingerprints, spared=self._still_used(in_use))
        self._remove_reviews()
        self._remove_runs()
        with transaction.atomic():
            self.tables.gallery_changed()
        return self.report

    def _remove(
        self,
        kind: str,
        model: Any,
        fingerprints: Callable[[Tables, Iterable[int]], dict[int, str]],
        files: Callable[[Any], list[str]] = lambda _rows: [],
        spared: dict[int, str] | None = None,
    ) -> None:
        items = self.tables.item.objects.filter(run__in=self.runs, kind=kind)
        ids = iter(sorted(set(items.values_list("object_id", flat=True))))
        while batch := list(islice(ids, BATCH)):
            now = fingerprints(self.tables, batch)
            kept = self._kept(items.filter(object_id__in=batch), now, spared or {})
            unchanged = [pk for pk in batch if pk in now and pk not in kept]
            gone = [pk for pk in batch if pk not in now]
            items.filter(object_id__in=gone).delete()
            self.report.add(kind, self._delete(items, model, unchanged, files))

    def _kept(self, items: Any, now: dict[int, str], spared: dict[int, str]) -> set[int]:
        kept: set[int] = set()
        for pk, source, fingerprint in items.values_list("object_id", "source", "fingerprint"):
            reason = spared.get(pk) or (CHANGED if pk in now and now[pk] != fingerprint else "")
            if reason and pk not in kept:
                kept.add(pk)
                self.report.kept.append((source, reason))
        return kept

    def _delete(self, items: Any, model: Any, ids: list[int], files: Callable[[Any], list[str]]) -> int:
        """All at once; where the database objects, one by one, so that only what is in use stays."""
        if not ids:
            return 0
        try:
            with transaction.atomic():
                rows = model.objects.filter(pk__in=ids)
                names = files(rows)
                rows.delete()
                items.filter(object_id__in=ids).delete()
                transaction.on_commit(lambda: _forget(names))
        except IntegrityError:
            if len(ids) > 1:
                return sum(self._delete(items, model, [pk], files) for pk in ids)
            source = items.filter(object_id=ids[0]).values_list("source", flat=True).first()
            self.report.kept.append((source or "", IN_USE))
            return 0
        return len(ids)

    def _event_files(self, events: Any) -> list[str]:
        return _images(self.tables.capture.objects.filter(event__in=events))

    def _people_in_use(self) -> dict[int, str]:
        """Imported people who stay, and why: they were changed, have visits of today, or further pictures."""
        people = self.tables.item.objects.filter(run__in=self.runs, kind="person")
        in_use = {}
        for pk, fingerprint in people.values_list("object_id", "fingerprint").distinct():
            reason = self._use_of(pk, fingerprint)
            if reason:
                in_use[pk] = reason
        return in_use

    def _use_of(self, pk: int, fingerprint: str) -> str:
        tables = self.tables
        if person_fingerprints(tables, [pk]).get(pk, fingerprint) != fingerprint:
            return CHANGED
        if tables.observation.objects.filter(person_id=pk).exists():
            return "seen in visits that stay"
        samples = list(tables.sample.objects.filter(person_id=pk).values_list("pk", flat=True))
        imported = tables.item.objects.filter(run__in=self.runs, kind="sample", object_id__in=samples)
        expected = dict(imported.values_list("object_id", "fingerprint"))
        if set(samples) - expected.keys():
            return "has pictures added since"
        return CHANGED if sample_fingerprints(tables, samples) != expected else ""

    def _samples_of(self, people: dict[int, str]) -> dict[int, str]:
        samples = self.tables.sample.objects.filter(person_id__in=list(people))
        return {pk: people[person_id] for pk, person_id in samples.values_list("pk", "person_id")}

    def _still_used(self, in_use: dict[int, str]) -> dict[int, str]:
        """A sample may have stayed for its own reasons; then so does its person."""
        left = self.tables.sample.objects.values_list("person_id", flat=True).distinct()
        return dict.fromkeys(left, "has pictures that stay") | in_use

    def _remove_reviews(self) -> None:
        """What the owner has decided stays decided; what still waits goes."""
        waiting = self.tables.review.objects.filter(run__in=self.runs, status="open")
        with transaction.atomic():
            names = _images(waiting)
            count = waiting.count()
            waiting.delete()
            transaction.on_commit(lambda: _forget(names))
        self.report.add("review", count)
        settled = self.tables.review.objects.filter(run__in=self.runs)
        self.report.kept += [(source, DECIDED) for source in settled.values_list("source", flat=True)]

    def _remove_runs(self) -> None:
        tables = self.tables
        imported_people = tables.item.objects.filter(kind="person").values("object_id")
        tables.alias.objects.filter(run__in=self.runs).exclude(person_id__in=imported_people).delete()
        used = {*tables.item.objects.filter(run__in=self.runs).values_list("run_id", flat=True)}
        used |= {*tables.review.objects.filter(run__in=self.runs).values_list("run_id", flat=True)}
        tables.run.objects.filter(pk__in=[pk for pk in self.runs if pk not in used]).delete()


def undo(tables: Tables, *, origin: str | None = None) -> UndoReport:
    """Undo every import, or those of one origin."""
    runs = tables.run.objects.all() if origin is None else tables.run.objects.filter(origin=origin)
    return Undo(tables, list(runs.values_list("pk", flat=True))).carry_out()


def _images(rows: Any) -> list[str]:
    return [name for name in rows.values_list("image", flat=True) if name]


def _forget(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)


def lines_of(report: UndoReport) -> Iterator[str]:
    """Say it to a person."""
    yield "removed: " + (", ".join(f"{count} {kind}s" for kind, count in report.removed.items()) or "nothing")
    for source, reason in report.kept:
        yield f"kept: {source}: {reason}"
