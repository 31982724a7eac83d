"""Each line of the damaged installation's events.log becomes what its EXPECTED.json says."""

import hashlib
from datetime import UTC, datetime

from events.models import Event, FaceObservation
from migration.importing.report import Report
from migration.models import UnresolvedName
from migration.planning.values import Verdict
from tests.migration.houses import Unpacked
from tests.migration.importing.conftest import by_source

IMPORT, REPORT = Verdict.IMPORTED, Verdict.SKIPPED
# The others are imported.
LINES = {
    "import or report": {IMPORT},
    "import with a warning, or report": {IMPORT},
    "import (strip the NULs) or report": {IMPORT},
    "import (lossy name, flagged) or report": {IMPORT},
    "import as other, or report": {REPORT},
    "report": {REPORT},
    "skip as duplicate of line 1": {REPORT},
    "skip silently": set(),
}


def test_every_line_of_the_log_has_become_what_it_should(survived: Report, broken: Unpacked) -> None:
    found = by_source(survived)
    for expected in broken.expected["events_log"]:
        items = found.get(f"data/logs/events.log line {expected['line']}", [])
        allowed = LINES.get(expected["expected"], {IMPORT})
        assert {item["verdict"] for item in items} == allowed, expected
        is_odd = allowed == {REPORT} or "warning" in expected["expected"] or "flagged" in expected["expected"]
        assert not is_odd or items[0]["reason"], expected


def of_line(survived: Report, line: int) -> Event:
    """The event that a line became: by its place among those that were imported."""
    imported = [
        item["source"]
        for item in survived.items()
        if item["source"].startswith("data/logs/events.log line") and item["verdict"] == IMPORT
    ]
    pressed = list(Event.objects.filter(trigger="press").order_by("pk"))
    return pressed[imported.index(f"data/logs/events.log line {line}")]


def pictures_of(event: Event) -> set[str]:
    """The sha256 of each of its pictures."""
    found = set()
    for capture in event.captures.exclude(image=""):
        with capture.image.open("rb") as file:
            found.add(hashlib.sha256(file.read()).hexdigest())
    return found


def test_pictures_and_cropped_faces_are_with_their_lines(survived: Report, broken: Unpacked) -> None:
    def sha256(path: str) -> str:
        return hashlib.sha256((broken.root / "data" / path).read_bytes()).hexdigest()

    assert pictures_of(of_line(survived, 1)) == {
        sha256("captures/visitor_20251101_080000.jpg"),
        sha256("cropped_faces/known/alice_20251101_080000_1.jpg"),
    }
    assert pictures_of(of_line(survived, 2)) == {
        sha256("captures/visitor_20251101_081500.jpg"),
        sha256("cropped_faces/unknown/unknown_20251101_081500_1.jpg"),
    }
    lines = [entry["line"] for entry in broken.expected["events_log"] if entry["expected"].startswith("import")]
    assert not any(pictures_of(of_line(survived, line)) for line in lines if line not in (1, 2, 14))


def test_what_is_odd_about_a_line_is_said_with_the_visit(survived: Report) -> None:
    reasons = {line: of_line(survived, line).reason for line in (3, 9, 10, 12, 16, 17, 22, 23)}
    assert reasons[3] == "the picture visitor_20251101_083000.jpg is gone"
    assert reasons[9] == "the picture 'passwd' is not one of this visit"
    assert reasons[10] == "the picture 'visitor_20251101_080000.jpg' is not one of this visit"
    assert reasons[12].startswith("it names no picture; it names no faces")
    assert reasons[16].startswith("zero bytes of a power cut were removed")
    assert reasons[17].startswith("not UTF-8; read as Windows-1252, letters with accents may be wrong")
    assert reasons[22].startswith("the old clock was ahead of today")
    assert reasons[23].startswith("the old clock was not set")


def test_a_time_with_an_offset_is_taken_at_its_word(survived: Report) -> None:
    assert of_line(survived, 25).started_at == datetime(2025, 11, 2, 1, 30, tzinfo=UTC)
    assert of_line(survived, 18).started_at == datetime(2025, 11, 1, 13, 20, tzinfo=UTC), "local, in Berlin"


def test_a_distance_that_was_nan_is_none(survived: Report) -> None:
    face = FaceObservation.objects.get(capture__event__reason__contains="'bob'")
    assert (face.status, face.distance, face.person) == ("known", None, None)


def test_a_name_full_of_code_is_kept_as_it_is(survived: Report) -> None:
    assert UnresolvedName.objects.filter(name='O\'Brien "the" \\ <script>inf, np.float64(1)</script>').exists()
