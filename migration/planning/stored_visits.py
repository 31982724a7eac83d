"""Visits from events.db: a press or motion and the recognitions that follow it are one visit.

Nothing in the database links them: the parents that recognitions name were never stored. Time does.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from migration.legacy.event_database import KINDS, MOVED, PRESSED, BadRow, StoredEvent, StoredFace
from migration.planning.doubtful_times import odd_time
from migration.planning.keys import natural_key
from migration.planning.values import FacePlan, Note, ShotPlan, Verdict, VisitPlan

KIND = "visit"
# The old burst took 5 frames in 1 s; its recognition answered within seconds.
ONE_VISIT = timedelta(seconds=10)
STATUSES = {"known": "known", "unknown": "unknown", "blacklisted": "blocked"}
LONGEST_VISIT = timedelta(seconds=60)
NO_PICTURE = "the old system kept no picture"
MOTION_ALONE = "something moved; the old system kept no picture"


class StoredPlanner:
    def __init__(self, path: str, *, keep_unknown_encodings: bool) -> None:
        self._path = path
        self._keep_unknown_encodings = keep_unknown_encodings
        self._open: list[StoredEvent] = []
        self._other: Counter[str] = Counter()

    def visits(self, rows: Iterable[StoredEvent | BadRow]) -> Iterator[VisitPlan | Note]:
        for row in rows:
            if isinstance(row, BadRow):
                yield Note(KIND, f"{self._path} row {row.row}", Verdict.SKIPPED, row.reason)
            elif row.event_type not in KINDS:
                self._other[row.event_type[:60]] += 1
            elif self._belongs(row):
                self._open.append(row)
            else:
                yield from self._closed()
                self._open = [row]
        yield from self._closed()
        for event_type, count in sorted(self._other.items()):
            yield Note("record", f"{self._path}: {event_type}, {count} rows", Verdict.SKIPPED, "not a visit")

    def _belongs(self, row: StoredEvent) -> bool:
        if not self._open or row.event_type == PRESSED:
            return False
        if row.at - self._open[0].at > LONGEST_VISIT:
            return False
        return timedelta(0) <= row.at - self._open[-1].at <= ONE_VISIT

    def _closed(self) -> Iterator[VisitPlan]:
        rows, self._open = self._open, []
        if not rows:
            return
        first, seen = rows[0], [row for row in rows if row.faces]
        only_moved = {row.event_type for row in rows} == {MOVED}
        yield VisitPlan(
            keys=tuple(natural_key(f"events.db:{row.event_id}") for row in rows),
            source=f"{self._path} {'rows' if len(rows) > 1 else 'row'} {', '.join(str(row.row) for row in rows[:20])}",
            trigger="motion" if first.event_type == MOVED else "press",
            outcome=_outcome(rows),
            started_at=first.at,
            decided_at=_decided_at(rows),
            shots=tuple(ShotPlan(row.at, None, tuple(map(self._face, row.faces))) for row in seen),
            reason="; ".join(filter(None, [MOTION_ALONE if only_moved else NO_PICTURE, odd_time(first.at)])),
        )

    def _face(self, face: StoredFace) -> FacePlan:
        """What a stranger's face measured is kept only if the owner wants it."""
        is_kept = face.status != "unknown" or self._keep_unknown_encodings
        return FacePlan(
            status=STATUSES[face.status],
            name=face.name,
            distance=face.distance,
            box=face.box,
            quality=face.quality,
            encoding=face.encoding.astype("float32") if is_kept and face.encoding is not None else None,
        )


def _outcome(rows: list[StoredEvent]) -> str:
    """By today's order: blocked, then unknown. The newest old version put known before unknown."""
    found = {face.status for row in rows for face in row.faces}
    for status in ("blacklisted", "unknown", "known"):
        if status in found:
            return STATUSES[status]
    return "no_picture"


def _decided_at(rows: list[StoredEvent]) -> datetime:
    return next((row.at for row in rows if row.faces), rows[0].at)
