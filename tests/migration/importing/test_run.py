"""Imports of small old installations made here: people of today, interruptions, odd pictures."""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from events.models import Capture, Event, FaceObservation
from faces.models import FaceSample, Person
from faces.people import create_person, delete_person
from migration.importing import visits as visits_module
from migration.importing.report import Report
from migration.importing.run import ImportBusy, only_import
from migration.models import ImportedItem, ImportRun, ReviewItem
from migration.planning.values import Plan, Verdict
from pipeline.vision.images import decode_image, encode_jpeg
from tests.conftest import Portraits
from tests.migration.houses import House, seen, vector, visit
from tests.migration.importing.conftest import Import
from tests.seeding import HOPPER_BOX

PlanOf = Callable[[House], Plan]
LATER = datetime(2025, 10, 1, tzinfo=UTC)


@pytest.fixture
def jpeg(portraits: Portraits) -> bytes:
    return encode_jpeg(decode_image(portraits.grace_hopper.read_bytes()), quality=85)


def crop_of(jpeg: bytes) -> bytes:
    box = HOPPER_BOX
    frame = decode_image(jpeg)
    return encode_jpeg(np.ascontiguousarray(frame[box.top : box.bottom, box.left : box.right]), quality=85)


def reasons(report: Report, verdict: Verdict) -> dict[str, str]:
    return {item["source"]: item["reason"] for item in report.items() if item["verdict"] == verdict}


def test_a_person_enrolled_here_gets_the_old_pictures_of_that_name(
    importing: Import, plan_of: PlanOf, house: House, portraits: Portraits
) -> None:
    house.put("data/known_faces/Grace Hopper.jpg", portraits.grace_hopper)
    grace = create_person("grace hopper")
    importing(plan_of(house), house.root)
    assert grace.samples.count() == 1
    assert Person.objects.count() == 1


def test_a_namesake_with_another_face_is_asked_about(
    importing: Import, plan_of: PlanOf, house: House, portraits: Portraits
) -> None:
    from faces.enrollment import add_sample

    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    add_sample(create_person("Grace"), portraits.astronaut.read_bytes())
    importing(plan_of(house), house.root)
    assert FaceSample.objects.count() == 1
    assert ReviewItem.objects.get().reason == "somebody else is called 'Grace' here"


def test_a_person_blocked_here_is_not_trusted_by_an_import(
    importing: Import, plan_of: PlanOf, house: House, portraits: Portraits
) -> None:
    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    grace = create_person("Grace", is_blocked=True)
    importing(plan_of(house), house.root)
    grace.refresh_from_db()
    assert grace.is_blocked
    assert grace.samples.count() == 0
    assert ReviewItem.objects.get().reason == "known in the old system, but 'Grace' is blocked here"


def test_a_person_trusted_here_is_not_blocked_without_asking(
    importing: Import, plan_of: PlanOf, house: House, portraits: Portraits
) -> None:
    house.put("data/blacklist_faces/fbi_grace.jpg", portraits.grace_hopper)
    grace = create_person("Grace")
    importing(plan_of(house), house.root)
    grace.refresh_from_db()
    assert not grace.is_blocked
    item = ReviewItem.objects.get()
    assert item.is_blocked
    assert item.reason == "blocked in the old system, but 'Grace' is not blocked here"


def test_somebody_deleted_here_does_not_come_back(
    importing: Import, plan_of: PlanOf, house: House, portraits: Portraits
) -> None:
    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    importing(plan_of(house), house.root)
    delete_person(Person.objects.get())
    house.put("data/known_faces/Grace_2.jpg", portraits.grace_hopper.read_bytes() + b"\0")
    importing(plan_of(house), house.root)
    assert not Person.objects.exists()


def test_an_encoding_without_a_picture_is_a_sample_without_one(
    importing: Import, plan_of: PlanOf, house: House
) -> None:
    house.cache("data/known_faces_cache.pkl", ["Sam"], [vector(1)])
    report = importing(plan_of(house), house.root)
    sample = FaceSample.objects.get()
    assert sample.image.name == ""
    assert sample.vector.tolist() == vector(1).astype(np.float32).tolist()
    assert reasons(report, Verdict.IMPORTED) == {
        "data/known_faces_cache.pkl entry 0": "no picture is left; the old encoding is kept"
    }


def test_a_capture_that_is_gone_leaves_the_crop_as_the_picture(
    importing: Import, plan_of: PlanOf, house: House, jpeg: bytes
) -> None:
    house.log(visit("2025-09-22T16:20:00.5", "KNOWN_VISITOR", [seen("jon")], "/x/visitor_20250922_162000.jpg"))
    house.put("data/cropped_faces/known/jon_20250922_162000_1.jpg", crop_of(jpeg))
    importing(plan_of(house), house.root)
    capture = Capture.objects.get()
    assert (capture.width, capture.height) == (186, 186)
    assert capture.observations.get().box.area == 186 * 186


def test_a_face_without_a_crop_is_somewhere_in_the_capture(
    importing: Import, plan_of: PlanOf, house: House, jpeg: bytes
) -> None:
    house.log(
        visit("2025-09-22T16:20:00.5", "UNKNOWN_VISITOR", [seen(None, "unknown")], "/x/visitor_20250922_162000.jpg")
    )
    house.put("data/captures/visitor_20250922_162000.jpg", jpeg)
    importing(plan_of(house), house.root)
    face = FaceObservation.objects.get()
    assert (face.box.top, face.box.left, face.box.right, face.box.bottom) == (0, 0, 512, 600)


def test_a_truncated_capture_leaves_the_visit_and_says_so(
    importing: Import, plan_of: PlanOf, house: House, jpeg: bytes
) -> None:
    house.log(visit("2025-09-22T16:20:00.5", "KNOWN_VISITOR", [seen("jon")], "/x/visitor_20250922_162000.jpg"))
    house.put("data/captures/visitor_20250922_162000.jpg", jpeg[:2000])
    report = importing(plan_of(house), house.root)
    event = Event.objects.get()
    assert event.reason.startswith("its picture cannot be read: the picture ends in the middle")
    assert Capture.objects.get().image.name == ""
    assert "data/captures/visitor_20250922_162000.jpg" in reasons(report, Verdict.SKIPPED)


def test_a_stray_picture_that_cannot_be_read_is_no_visit(
    importing: Import, plan_of: PlanOf, house: House, jpeg: bytes
) -> None:
    house.put("data/captures/visitor_20250922_162000.jpg", jpeg[:2000])
    house.put("data/captures/visitor_20250922_162001.jpg", b"")
    importing(plan_of(house), house.root)
    assert not Event.objects.exists()


def test_an_old_name_is_found_by_its_file_its_slug_and_its_number(
    importing: Import, plan_of: PlanOf, house: House
) -> None:
    house.cache("data/known_faces_cache.pkl", ["Sam Carter", "jon", "jon_2"], [vector(1), vector(2), vector(2) * 1.01])
    names = ["Sam Carter", "sam_carter", "sam_carter_20250101_120000", "SAM  CARTER", "jon_2", "jon_20250101_120000"]
    house.log(
        *(visit(f"2025-09-22T16:20:0{number}", "KNOWN_VISITOR", [seen(name)]) for number, name in enumerate(names))
    )
    importing(plan_of(house), house.root)
    found = FaceObservation.objects.order_by("capture__event__started_at").values_list("person__name", flat=True)
    assert list(found) == ["Sam Carter"] * 4 + ["jon"] * 2


def test_a_name_that_leads_to_nobody_is_said(importing: Import, plan_of: PlanOf, house: House) -> None:
    house.log(visit("2025-09-22T16:20:00", "KNOWN_VISITOR", [seen("bob; the builder")]))
    importing(plan_of(house), house.root)
    assert Event.objects.get().reason == (
        "the old system saved no picture; recognized as 'bob; the builder', who is not enrolled here"
    )


class Killed(BaseException):
    """As SIGKILL would, without ending the tests."""


def test_an_import_that_was_killed_is_completed_by_the_next(
    importing: Import,
    plan_of: PlanOf,
    house: House,
    jpeg: bytes,
    media: Path,
    portraits: Portraits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house.put("data/known_faces/jon.jpg", portraits.grace_hopper)
    lines = []
    for number in range(10):
        name = f"visitor_20250922_16200{number}.jpg"
        house.put(f"data/captures/{name}", jpeg)
        lines.append(visit(f"2025-09-22T16:20:0{number}", "KNOWN_VISITOR", [seen("jon")], f"/x/{name}"))
    house.log(*lines)
    monkeypatch.setattr(visits_module, "BATCH", 3)
    written = []

    def killing(self: Any, visits: Any) -> None:
        written.append(len(visits))
        if len(written) == 3:
            raise Killed
        whole(self, visits)

    whole = visits_module.VisitWriter._save_rows
    with monkeypatch.context() as patched:
        patched.setattr(visits_module.VisitWriter, "_save_rows", killing)
        with pytest.raises(Killed):
            importing(plan_of(house), house.root)
    assert Event.objects.count() == 6
    assert ImportRun.objects.get().finished_at is None

    report = importing(plan_of(house), house.root)
    assert report.counts["visit"] == {"already there": 6, "imported": 4}
    assert ImportRun.objects.get().finished_at is not None
    assert Event.objects.count() == Capture.objects.count() == 10
    assert Person.objects.count() == FaceSample.objects.count() == 1
    stored = {str(path.relative_to(media)) for path in media.rglob("*.jpg")}
    assert stored == {*Capture.objects.values_list("image", flat=True), FaceSample.objects.get().image.name}


def test_a_line_that_was_written_since_is_brought_by_the_next_import(
    importing: Import, plan_of: PlanOf, house: House
) -> None:
    house.log(visit("2025-09-22T16:20:00"))
    importing(plan_of(house), house.root)
    house.log(visit("2025-09-22T16:20:00"), visit("2025-09-22T17:20:00"))
    assert importing(plan_of(house), house.root).counts["visit"] == {"already there": 1, "imported": 1}


def test_the_same_installation_in_another_place_and_zone_is_the_same(
    importing: Import, plan_of: PlanOf, house: House, jpeg: bytes, tmp_path: Path
) -> None:
    from zoneinfo import ZoneInfo

    from migration.legacy.tree import SourceTree
    from migration.planning.plan import make_plan

    house.log(visit("2025-09-22T16:20:00", capture="/x/visitor_20250922_162000.jpg"))
    house.put("data/captures/visitor_20250922_162000.jpg", jpeg)
    importing(plan_of(house), house.root)
    moved = house.root.rename(tmp_path / "moved")
    report = importing(make_plan(SourceTree(moved), ZoneInfo("UTC")), moved)
    assert report.count(Verdict.IMPORTED) == 0
    assert Event.objects.count() == 1


def test_a_backup_folder_can_be_imported_from(
    importing: Import, plan_of: PlanOf, tmp_path: Path, portraits: Portraits, jpeg: bytes
) -> None:
    from migration.legacy.tree import SourceTree
    from migration.planning.plan import make_plan
    from tests.migration.conftest import BERLIN

    backup = tmp_path / "backup_20251102_090000"
    for folder in ("known_faces", "blacklist_faces", "captures", "logs"):
        (backup / folder).mkdir(parents=True)
    (backup / "known_faces" / "Grace.jpg").write_bytes(portraits.grace_hopper.read_bytes())
    (backup / "captures" / "visitor_20250922_162000.jpg").write_bytes(jpeg)
    (backup / "logs" / "events.log").write_text(
        f"{visit('2025-09-22T16:20:00', capture='/x/visitor_20250922_162000.jpg')}\n"
    )
    importing(make_plan(SourceTree(backup), BERLIN), backup)
    assert Person.objects.get().name == "Grace"
    assert Event.objects.get().captures.count() == 1


def test_the_hour_that_autumn_repeats_is_told_apart(
    importing: Import, plan_of: PlanOf, house: House, jpeg: bytes
) -> None:
    second = datetime(2025, 10, 26, 1, 10, 30, tzinfo=UTC)
    house.log(visit("2025-10-26T02:10:30", capture="/x/visitor_20251026_021030.jpg"))
    house.put("data/captures/visitor_20251026_021030.jpg", jpeg, second)
    importing(plan_of(house), house.root)
    assert Event.objects.get().started_at == second


def test_a_folder_that_is_a_link_is_not_read(
    importing: Import, plan_of: PlanOf, house: House, jpeg: bytes, tmp_path: Path
) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "visitor_20250922_162000.jpg").write_bytes(jpeg)
    (house.root / "data" / "captures").rmdir()
    (house.root / "data" / "captures").symlink_to(tmp_path / "private")
    house.log(visit("2025-09-22T16:20:00", capture="/x/visitor_20250922_162000.jpg"))
    report = importing(plan_of(house), house.root)
    assert Event.objects.get().captures.count() == 0
    assert reasons(report, Verdict.SKIPPED)["data/captures"] == "a link: links are not followed"


def test_names_that_are_no_utf8_are_reported_and_end_nothing(
    importing: Import, plan_of: PlanOf, house: House, portraits: Portraits, jpeg: bytes
) -> None:
    odd = b"Ren\xe9".decode("utf-8", "surrogateescape")
    house.put(f"data/known_faces/{odd}.jpg", portraits.grace_hopper)
    house.put(f"data/captures/{odd}.jpg", jpeg)
    house.put(f"data/captures/visitor_{odd}.jpg", jpeg)
    house.put(f"data/cropped_faces/known/{odd}_20250922_162000_1.jpg", jpeg)
    report = importing(plan_of(house), house.root)
    assert Person.objects.get().name == "Ren xe9"
    assert "data/captures/Ren\\xe9.jpg" in reasons(report, Verdict.SKIPPED)
    assert "data/captures/visitor_Ren\\xe9.jpg" in reasons(report, Verdict.REVIEW)


def test_names_with_half_a_character_end_nothing(importing: Import, plan_of: PlanOf, house: House) -> None:
    house.cache("data/known_faces_cache.pkl", ["\ud800bob", "zero\0"], [vector(1), vector(2)])
    house.log(visit("2025-09-22T16:20:00", "KNOWN_VISITOR", [seen("\ud800bob"), seen("x\0\udfff")]))
    importing(plan_of(house), house.root)
    assert set(Person.objects.values_list("name", flat=True)) == {"ud800bob", "zero"}
    assert FaceObservation.objects.order_by("track")[0].person == Person.objects.get(name="ud800bob")


def test_a_malicious_cache_is_said_and_the_pictures_count(
    importing: Import, plan_of: PlanOf, house: House, portraits: Portraits
) -> None:
    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    house.put("data/known_faces_cache.pkl", pickle.dumps(Path))
    plan = plan_of(house)
    importing(plan, house.root)
    assert Person.objects.get().name == "Grace"
    assert any("people removed in the old web pages may be among them" in warning for warning in plan.warnings)


def test_only_one_import_runs_at_a_time(importing: Import, plan_of: PlanOf, house: House) -> None:
    with only_import(), pytest.raises(ImportBusy, match="another import is running; wait until it is done"):
        importing(plan_of(house), house.root)
    assert (Path(settings.RUN_DIR) / "import.lock").exists()


def test_items_say_what_came_from_where(importing: Import, plan_of: PlanOf, house: House) -> None:
    house.log(visit("2025-09-22T16:20:00"))
    importing(plan_of(house), house.root)
    item = ImportedItem.objects.get()
    assert (item.kind, item.source, item.model) == ("visit", "data/logs/events.log line 1", "events.event")
    assert item.object_id == Event.objects.get().pk
    run = ImportRun.objects.get()
    assert run.timezone == "Europe/Berlin"
    assert run.counts == {"visit": {"imported": 1}}
    assert run.finished_at is not None
