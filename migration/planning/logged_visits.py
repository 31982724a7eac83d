"""Visits from events.log and from the pictures that no line tells of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from migration.legacy.event_log import BadLine, LoggedFace, LoggedVisit
from migration.legacy.local_time import Moment, to_utc
from migration.legacy.names import parse_capture_name
from migration.legacy.text import shown
from migration.legacy.tree import Entry
from migration.planning.doubtful_times import odd_time
from migration.planning.keys import natural_key
from migration.planning.shelves import CaptureShelf, Crop, CropShelf
from migration.planning.values import Doubt, FacePlan, Note, ReviewPlan, ShotPlan, Verdict, VisitPlan

KIND = "visit"
OUTCOMES = {
    "KNOWN_VISITOR": "known",
    "UNKNOWN_VISITOR": "unknown",
    "BLACKLIST_ALERT": "blocked",
    "NO_FACES": "no_face",
    "CAPTURE_FAILURE": "no_picture",
}
STATUSES = {"known": "known", "unknown": "unknown", "blacklisted": "blocked"}
Planned = VisitPlan | ReviewPlan | Note


@dataclass(slots=True)
class LogPlanner:
    """Goes through the log once, in its order."""

    path: str
    zone: ZoneInfo
    captures: CaptureShelf
    crops: CropShelf
    times_are_kept: bool
    _seen: set[bytes] = field(default_factory=set)
    _last: datetime | None = None

    def visits(self, lines: Iterable[LoggedVisit | BadLine]) -> Iterator[Planned]:
        for line in lines:
            source = f"{self.path} line {line.line}"
            if isinstance(line, BadLine):
                yield Note(KIND, source, Verdict.SKIPPED, line.reason)
                continue
            key = bytes.fromhex(line.key)
            if key in self._seen:
                yield Note(KIND, source, Verdict.SKIPPED, "the same visit as an earlier line")
                continue
            self._seen.add(key)
            yield self._visit(line, source)

    def stray_pictures(self) -> Iterator[Planned]:
        """What is left when every line has taken its picture."""
        for entry in self.captures.rest():
            name = parse_capture_name(entry.name)
            if name is None:
                yield self._nameless(entry)
            else:
                yield self._unlogged(entry, name.taken_at, is_test=name.is_test)
        yield from self.crops.rest()

    def _visit(self, line: LoggedVisit, source: str) -> VisitPlan:
        moment = self._moment(line.at, line.capture)
        self._last = moment.at
        picture, warnings = self._picture(line)
        reasons = [*line.warnings, *filter(None, [moment.doubt, odd_time(moment.at)]), *warnings]
        faces = tuple(self._face(line.at, index, face) for index, face in enumerate(line.faces))
        return VisitPlan(
            keys=(f"log:{line.key}",),
            source=source,
            trigger="press",
            outcome=OUTCOMES[line.event_type],
            started_at=moment.at,
            decided_at=moment.at,
            shots=(ShotPlan(moment.at, picture, faces),) if picture or faces else (),
            reason="; ".join(reasons),
        )

    def _moment(self, local: datetime, capture: str | None) -> Moment:
        written = self.captures.written_at(capture) if self.times_are_kept else None
        written_at = None if written is None else datetime.fromtimestamp(written, UTC)
        return to_utc(local, self.zone, written_at=written_at, not_before=self._last)

    def _picture(self, line: LoggedVisit) -> tuple[str | None, list[str]]:
        """Only by its bare name, only if that names the visit's own second, and only once."""
        if line.event_type == "CAPTURE_FAILURE":
            return None, ["the old system's camera gave no picture"]
        if line.capture is None:
            return None, ["the old system saved no picture"]
        name = parse_capture_name(line.capture)
        if name is None or name.taken_at != line.at.replace(microsecond=0, tzinfo=None):
            return None, [f"the picture {shown(line.capture)[:80]!r} is not one of this visit"]
        if self.captures.is_taken(line.capture):
            return None, [f"the picture {line.capture} belongs to another visit of the same second"]
        entry = self.captures.take(line.capture)
        return (entry.path, []) if entry else (None, [f"the picture {line.capture} is gone"])

    def _face(self, at: datetime, index: int, face: LoggedFace) -> FacePlan:
        crop = self.crops.take(at, index, face.name)
        return FacePlan(STATUSES[face.status], face.name, face.distance, crop=crop.path if crop else None)

    def _unlogged(self, entry: Entry, local: datetime, *, is_test: bool) -> VisitPlan:
        moment = self._moment(local, entry.name)
        crops = [] if is_test else self.crops.take_all(local)
        reason = (
            "a test picture of the old web pages; faces were not looked for"
            if is_test
            else "the old log tells nothing of this picture" + ("" if crops else "; who it shows is not known")
        )
        return VisitPlan(
            keys=(natural_key(f"capture:{entry.name}:{entry.size}"),),
            source=shown(entry.path),
            trigger="upload" if is_test else "press",
            outcome="no_face" if is_test else _outcome(crops),
            started_at=moment.at,
            decided_at=moment.at,
            shots=(ShotPlan(moment.at, entry.path, tuple(_cropped(crop) for crop in crops)),),
            reason="; ".join(filter(None, [reason, moment.doubt, odd_time(moment.at)])),
            is_picture_alone=True,
        )

    def _nameless(self, entry: Entry) -> Planned:
        if not entry.name.startswith(("visitor_", "test_capture_")):
            return Note("capture", shown(entry.path), Verdict.SKIPPED, "not a picture that the old system took")
        return ReviewPlan(
            doubt=Doubt.STRAY_PICTURE,
            key=natural_key(f"capture:{entry.name}:{entry.size}"),
            source=shown(entry.path),
            reason="its name does not say when it was taken; accepted, it becomes a visit at its file's time",
            picture=entry.path,
            taken_at=datetime.fromtimestamp(entry.modified_at, UTC),
        )


def _outcome(crops: list[Crop]) -> str:
    statuses = {_status(crop) for crop in crops}
    return next((status for status in ("blocked", "unknown", "known") if status in statuses), "unknown")


def _status(crop: Crop) -> str:
    if crop.is_known:
        return "known"
    return "unknown" if crop.name.base == "unknown" else "blocked"


def _cropped(crop: Crop) -> FacePlan:
    status = _status(crop)
    return FacePlan(status, None if status == "unknown" else crop.name.base, None, crop=crop.entry.path)
