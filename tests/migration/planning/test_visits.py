"""Lines, rows and pictures become visits."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from migration.legacy.event_database import StoredEvent, StoredFace
from migration.legacy.event_log import read_log
from migration.legacy.tree import Entry, EntryKind
from migration.planning.logged_visits import LogPlanner, Planned
from migration.planning.shelves import CaptureShelf, CropShelf
from migration.planning.stored_visits import StoredPlanner
from migration.planning.values import Doubt, Note, ReviewPlan, VisitPlan
from pipeline.vision.geometry import Box
from tests.migration.houses import seen, vector, visit

UTC_ZONE = ZoneInfo("UTC")


def file(folder: str, name: str, at: float = 1_700_000_000) -> Entry:
    return Entry(f"data/{folder}/{name}", name, EntryKind.FILE, 100, at)


def plan_log(
    lines: Iterable[Any], captures: Iterable[Entry] = (), known: Iterable[Entry] = (), unknown: Iterable[Entry] = ()
) -> list[Planned]:
    planner = LogPlanner("events.log", UTC_ZONE, CaptureShelf(captures), CropShelf(known, unknown), True)
    content = "".join(f"{line}\n" for line in lines).encode()
    return [*planner.visits(read_log(io.BytesIO(content))), *planner.stray_pictures()]


def visits_in(planned: Iterable[Planned]) -> list[VisitPlan]:
    return [item for item in planned if isinstance(item, VisitPlan)]


def test_a_visit_takes_its_picture_and_the_crops_of_its_faces() -> None:
    (found,) = visits_in(
        plan_log(
            [
                visit(
                    "2025-09-22T16:20:00.5",
                    "UNKNOWN_VISITOR",
                    [seen("Vic O'Crane", "blacklisted"), seen("jon"), seen(None, "unknown")],
                    "/home/pi/captures/visitor_20250922_162000.jpg",
                )
            ],
            [file("captures", "visitor_20250922_162000.jpg")],
            [file("known", "jon_20250922_162000_2.jpg")],
            [file("unknown", "vic_o'crane_20250922_162000_1.jpg"), file("unknown", "unknown_20250922_162000_3.jpg")],
        )
    )
    (shot,) = found.shots
    assert (found.trigger, found.outcome) == ("press", "unknown")
    assert shot.picture == "data/captures/visitor_20250922_162000.jpg"
    assert [(face.status, face.name, face.crop) for face in shot.faces] == [
        ("blocked", "Vic O'Crane", "data/unknown/vic_o'crane_20250922_162000_1.jpg"),
        ("known", "jon", "data/known/jon_20250922_162000_2.jpg"),
        ("unknown", None, "data/unknown/unknown_20250922_162000_3.jpg"),
    ]


def test_a_picture_is_attached_once_and_only_to_the_visit_of_its_second() -> None:
    capture = "visitor_20251101_080000.jpg"
    first, windows, traversal = visits_in(
        plan_log(
            [
                visit("2025-11-01T08:00:00.1", capture=f"/x/{capture}"),
                visit("2025-11-01T12:06:00.5", capture=f"C:\\data\\captures\\{capture}"),
                visit("2025-11-01T12:05:00.5", capture="/x/captures/../../../../../etc/passwd"),
            ],
            [file("captures", capture)],
        )
    )
    assert first.shots[0].picture == f"data/captures/{capture}"
    assert windows.shots == ()
    assert windows.reason == f"the picture {capture!r} is not one of this visit"
    assert traversal.reason == "the picture 'passwd' is not one of this visit"


def test_the_same_line_twice_is_one_visit() -> None:
    line = visit("2025-11-01T08:00:00.1")
    first, second = plan_log([line, line])
    assert isinstance(first, VisitPlan)
    assert isinstance(second, Note)
    assert second.reason == "the same visit as an earlier line"


def test_wrong_clocks_are_said() -> None:
    future = f"{datetime.now(UTC) + timedelta(days=400):%Y-%m-%d}T00:00:00"
    reasons = [found.reason for found in visits_in(plan_log([visit(future), visit("1970-01-01T01:00:07")]))]
    assert reasons == [
        "the old clock was ahead of today; the old system saved no picture",
        "the old clock was not set; the old system saved no picture",
    ]


def test_a_picture_that_no_line_tells_of_is_a_visit_by_its_crops() -> None:
    (found,) = visits_in(
        plan_log(
            [],
            [file("captures", "visitor_20250922_162000.jpg")],
            [file("known", "jon_20250922_162000_1.jpg")],
            [file("unknown", "rosa_20250922_162000_2.jpg")],
        )
    )
    assert found.outcome == "blocked"
    assert [(face.status, face.name) for face in found.shots[0].faces] == [("known", "jon"), ("blocked", "rosa")]
    assert found.is_picture_alone


def test_a_test_picture_of_the_web_pages_is_no_visit_of_anybody() -> None:
    (found,) = visits_in(plan_log([], [file("captures", "test_capture_20250925_190244.jpg")]))
    assert (found.trigger, found.outcome) == ("upload", "no_face")


def test_pictures_whose_names_say_nothing_are_asked_about_or_left() -> None:
    names = ["visitor_20251101_120000 (1).jpg", "visitor_20259999_999999.jpg", "IMG_0001.jpg"]
    copied, impossible, foreign = plan_log([], [file("captures", name) for name in names])
    assert isinstance(copied, ReviewPlan)
    assert isinstance(impossible, ReviewPlan)
    assert copied.doubt is Doubt.STRAY_PICTURE
    assert copied.taken_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert isinstance(foreign, Note)


def test_crops_of_no_visit_are_named() -> None:
    notes = plan_log([], [], [file("known", "nobody_20240101_000000_1.jpg")], [file("unknown", "weird.jpg")])
    assert {note.source: note.reason for note in notes if isinstance(note, Note)} == {
        "data/known/nobody_20240101_000000_1.jpg": "no visit of that moment shows such a face",
        "data/unknown/weird.jpg": "its name is not one that the old system gave to a face",
    }


AT = datetime(2025, 11, 2, 9, tzinfo=UTC)


def stored(row: int, event_type: str, seconds: float, *faces: StoredFace) -> StoredEvent:
    return StoredEvent(row, f"id-{row}", event_type, AT + timedelta(seconds=seconds), faces)


def stored_face(status: str, name: str | None = None) -> StoredFace:
    return StoredFace(status, name, 0.1, Box(1, 2, 3, 4), 0.8, vector(1))


def plan_stored(*rows: StoredEvent, keep: bool = False) -> list[VisitPlan]:
    planner = StoredPlanner("events.db", keep_unknown_encodings=keep)
    return [item for item in planner.visits(rows) if isinstance(item, VisitPlan)]


def test_a_press_and_the_recognition_after_it_are_one_visit() -> None:
    (found,) = plan_stored(
        stored(1, "DOORBELL_PRESSED", 0), stored(2, "FACE_RECOGNIZED", 0.5, stored_face("known", "Sam"))
    )
    assert found.keys == ("events.db:id-1", "events.db:id-2")
    assert (found.trigger, found.outcome) == ("press", "known")
    assert found.decided_at - found.started_at == timedelta(seconds=0.5)


def test_a_recognition_without_a_press_or_long_after_one_is_a_visit_of_its_own() -> None:
    found = plan_stored(
        stored(1, "DOORBELL_PRESSED", 0), stored(2, "FACE_BLACKLISTED", 11, stored_face("blacklisted", "Vic"))
    )
    assert [(visit.outcome, visit.trigger) for visit in found] == [("no_picture", "press"), ("blocked", "press")]


def test_a_second_press_is_a_second_visit() -> None:
    assert len(plan_stored(stored(1, "DOORBELL_PRESSED", 0), stored(2, "DOORBELL_PRESSED", 3))) == 2


def test_motion_that_goes_on_is_cut_into_visits_of_a_minute() -> None:
    found = plan_stored(*(stored(number, "MOTION_DETECTED", 5 * number) for number in range(1, 61)))
    assert {visit.trigger for visit in found} == {"motion"}
    assert 4 <= len(found) <= 6


def test_known_and_unknown_together_are_unknown_as_they_were_before() -> None:
    (found,) = plan_stored(stored(1, "FACE_RECOGNIZED", 0, stored_face("known", "Sam"), stored_face("unknown")))
    assert found.outcome == "unknown"


def test_face_vectors_of_strangers_are_dropped_unless_asked_for() -> None:
    row = stored(1, "FACE_UNKNOWN", 0, stored_face("unknown"), stored_face("known", "Sam"))
    kept = [face.encoding is not None for face in plan_stored(row)[0].shots[0].faces]
    assert kept == [False, True]
    asked = plan_stored(row, keep=True)[0].shots[0].faces[0].encoding
    assert np.array_equal(asked, vector(1).astype(np.float32))  # type: ignore[arg-type]


def test_rows_that_are_no_visits_are_counted() -> None:
    rows = [stored(number, "HEALTH_CHECK", number) for number in range(1, 4)]
    (note,) = StoredPlanner("events.db", keep_unknown_encodings=False).visits(rows)
    assert isinstance(note, Note)
    assert note.source == "events.db: HEALTH_CHECK, 3 rows"
