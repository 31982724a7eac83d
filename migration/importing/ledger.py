"""What has been imported, so that nothing is imported twice."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from migration.importing.report import Report
from migration.importing.tables import Tables, row
from migration.planning.values import Note, Verdict

NOTES_ON_RUN = 200


class Ledger:
    """One import's entries. The run's row is made when there is something to enter: an import that
    changes nothing leaves nothing behind."""

    def __init__(self, tables: Tables, report: Report, *, origin: str, source: str, zone: str) -> None:
        self.tables = tables
        self.report = report
        self._facts = {"origin": origin, "source": source[:500], "timezone": zone}
        self._run: Any = None

    @property
    def run(self) -> Any:
        if self._run is None:
            self._run = self._unfinished() or row(self.tables.run, **self._facts)
            self._run.save()
        return self._run

    def _unfinished(self) -> Any | None:
        """A run that was killed, which this one completes."""
        return self.tables.run.objects.filter(finished_at=None, **self._facts).first()

    def there(self, kind: str, keys: Iterable[str]) -> dict[str, int]:
        """Return which of the keys have been imported before, and the id of the row each became."""
        wanted = list(dict.fromkeys(keys))
        items = self.tables.item.objects.filter(kind=kind, key__in=wanted)
        return dict(items.values_list("key", "object_id"))

    def in_review(self, keys: Iterable[str]) -> set[str]:
        return set(self.tables.review.objects.filter(key__in=list(keys)).values_list("key", flat=True))

    def enter(self, kind: str, keys: Sequence[str], source: str, saved: Any, fingerprint: str) -> list[Any]:
        """Return unsaved items that say what `saved` came from, one a key."""
        return [
            row(
                self.tables.item,
                run=self.run,
                kind=kind,
                key=key,
                source=source[:300],
                model=saved._meta.label_lower,
                object_id=saved.pk,
                fingerprint=fingerprint,
            )
            for key in keys
        ]

    def save(self, items: list[Any]) -> None:
        self.tables.item.objects.bulk_create(items, batch_size=500)

    def note(self, kind: str, source: str, verdict: Verdict, reason: str = "") -> None:
        self.report.add(Note(kind, source, verdict, reason))

    def close(self) -> None:
        """Write down on the run, if there is one, how it went."""
        run = self._run or self._unfinished()
        if run is None:
            return
        notes = [f"{note.source}: {note.verdict.value}: {note.reason}" for note in self.report.notable[:NOTES_ON_RUN]]
        run.counts = self.report.counts
        run.notes = {"notes": notes}
        run.finished_at = timezone.now()
        run.save()
