"""What became of each file, row and count of the real installation's EXPECTED.json."""

import os
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

from events.models import Capture, Event, FaceObservation
from faces.models import FaceSample, Person
from migration.importing.report import Report
from migration.legacy.tree import SourceTree
from migration.models import ImportedItem, PersonAlias, ReviewItem
from migration.planning.plan import LOST_TIMES, make_plan
from migration.planning.values import Plan, Verdict
from tests.migration.conftest import BERLIN
from tests.migration.houses import Unpacked
from tests.migration.importing.conftest import Import, by_source

LOST = datetime(2025, 11, 5, 12, tzinfo=BERLIN).timestamp()


def test_everything_counted_is_there_in_that_number(arrived: Report, real: Unpacked) -> None:
    counts = real.expected["counts"]
    blocked = Person.objects.filter(is_blocked=True)
    assert Person.objects.count() - blocked.count() == counts["known_people"]
    assert blocked.count() == counts["blacklisted_people"]
    samples = FaceSample.objects.exclude(image="")
    assert samples.filter(person__is_blocked=False).count() == counts["known_images_active"]
    assert samples.filter(person__is_blocked=True).count() == counts["blacklist_images_active"]
    lines = [source for source in by_source(arrived) if source.startswith("data/logs/events.log line")]
    assert len(lines) == counts["events_log"]
    assert ReviewItem.objects.filter(kind="unnamed").count() == counts["faces_db_only_people"]
    assert arrived.counts["capture"] == {"imported": counts["captures"]}
    assert arrived.counts["cropped face"] == {"imported": counts["crops_known"] + counts["crops_unknown"]}
    strays = Event.objects.filter(trigger="upload", captures__isnull=False)
    assert strays.count() == counts["captures_without_event"]
    gone = Event.objects.filter(reason__endswith=" is gone")
    assert gone.count() == counts["events_with_missing_capture"]


def test_the_kinds_of_visits_are_those_of_the_log(arrived: Report, real: Unpacked) -> None:
    logged = ImportedItem.objects.filter(source__startswith="data/logs/events.log", kind="visit")
    outcomes = Counter(Event.objects.filter(pk__in=logged.values("object_id")).values_list("outcome", flat=True))
    by_type = real.expected["counts"]["events_log_by_type"]
    assert outcomes == {
        "known": by_type["KNOWN_VISITOR"],
        "unknown": by_type["UNKNOWN_VISITOR"],
        "no_face": by_type["NO_FACES"],
        "blocked": by_type["BLACKLIST_ALERT"],
        "no_picture": by_type["CAPTURE_FAILURE"],
    }


def test_every_enrolled_picture_is_its_persons(arrived: Report, real: Unpacked) -> None:
    samples = {
        item.source: FaceSample.objects.select_related("person").get(pk=item.object_id)
        for item in ImportedItem.objects.filter(kind="sample")
    }
    expected = {
        image["path"]: person["display_name"] for person in real.expected["people"] for image in person["images"]
    }
    assert {source: sample.person.name for source, sample in samples.items()} == expected


def test_old_names_of_any_age_lead_to_their_person(arrived: Report, real: Unpacked) -> None:
    for expected in real.expected["people"]:
        names = [*expected["legacy_names"], *expected.get("legacy_names_if_cache_had_been_rebuilt", [])]
        led = PersonAlias.objects.filter(name__in=names).values_list("person__name", flat=True)
        assert set(led) == {expected["display_name"]}
        assert len(led) == len(names)


def test_every_line_knows_whose_old_name_it_carried(arrived: Report, real: Unpacked) -> None:
    for expected in real.expected["events_log"]:
        event = Event.objects.get(started_at=datetime.fromisoformat(expected["timestamp_utc"]))
        if expected["capture_missing"]:
            name = Path(expected["capture_recorded"]).name
            assert event.reason == f"the picture {name} is gone"
        assert Capture.objects.filter(event=event).exclude(image="").exists() == (expected["capture"] is not None)
        people = [face["person"] is not None for face in expected["faces"]]
        faces = FaceObservation.objects.filter(capture__event=event).order_by("track")
        assert [face.person is not None for face in faces] == people


def test_rows_that_are_only_in_the_write_ahead_log_arrive(arrived: Report, real: Unpacked) -> None:
    late = [row for row in real.expected["events_db"]["events"] if row["only_in_wal"]]
    press, seen = (datetime.fromisoformat(row["timestamp_utc"]) for row in late)
    event = Event.objects.get(trigger="press", started_at__gte=press.replace(microsecond=0), started_at__lt=seen)
    faces = FaceObservation.objects.filter(capture__event=event)
    assert (event.outcome, [face.person and face.person.name for face in faces]) == ("known", ["grandpa_joe"])


def test_rows_of_faces_db_that_a_cache_has_bring_no_second_encoding(arrived: Report, real: Unpacked) -> None:
    found = by_source(arrived)
    for expected in real.expected["faces_db"]["encodings"]:
        (item,) = found[f"faces.db person {expected['person_id']}, encoding {expected['encoding_id']}"]
        is_twin = expected["identical_to_cache"] is not None
        assert item["verdict"] == (Verdict.SKIPPED if is_twin else Verdict.REVIEW)
        assert not is_twin or item["reason"].startswith("the same encoding as one of")


def test_without_the_file_times_nobody_who_was_removed_comes_back(
    importing: Import, real: Unpacked, tmp_path: Path
) -> None:
    shutil.copytree(real.root, tmp_path / "old", copy_function=shutil.copyfile)
    for path in (tmp_path / "old").rglob("*"):
        os.utime(path, (LOST, LOST))
    plan = make_plan(SourceTree(tmp_path / "old"), BERLIN)
    assert LOST_TIMES in plan.warnings
    importing(plan, tmp_path / "old")
    assert Person.objects.get(name="Rosa Lindt").is_blocked
    rosa = ReviewItem.objects.get(source="data/known_faces/rosa_lindt_20250919_180000.jpg")
    assert (rosa.name, rosa.is_blocked) == ("Rosa Lindt", True)
    assert ReviewItem.objects.filter(source="data/known_faces/grandpa_joe_2.jpg").exists(), "newer than what?"


def test_settings_of_both_kinds_are_told_with_the_lines_to_write(real_plan: Plan, real: Unpacked) -> None:
    told = {(setting.source, setting.name): setting.value for setting in real_plan.settings}
    assert {name: value for (source, name), value in told.items() if source == ".env"} == real.expected["env"]["values"]
    wanted = real.expected["config_db"]["configurations"]
    assert told["config.db", "FACE_TOLERANCE"] == str(wanted["face_recognition"]["tolerance"])
    assert told["config.db", "NOTIFY_ON_KNOWN_VISITORS"] == str(wanted["notifications"]["notify_on_known_visitors"])


def test_a_backup_folder_of_the_old_system_can_be_imported_instead(importing: Import, real: Unpacked) -> None:
    """It holds no caches: who was removed may be back, who is on the blacklist is not trusted."""
    folder = real.root / "data" / "backups" / "backup_20251102_090000"
    report = importing(make_plan(SourceTree(folder), BERLIN), folder)
    assert report.counts["visit"]["imported"] == real.expected["counts"]["events_log"]
    blocked = set(Person.objects.filter(is_blocked=True).values_list("name", flat=True))
    assert blocked == {"Vic O'Crane", "Rosa Lindt"}
    assert not Person.objects.filter(name__istartswith="rosa", is_blocked=False).exists()
    assert {"jon", "grandpa_joe"} <= set(Person.objects.filter(is_blocked=False).values_list("name", flat=True))
