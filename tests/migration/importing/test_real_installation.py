"""What the old programs left arrives exactly as its EXPECTED.json says, twice in a row, and back again."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.apps import apps

from events.models import Capture, Event, FaceObservation
from events.notifications.models import NotificationChannel
from faces.gallery import current_gallery, current_version
from faces.models import FaceSample, Person
from migration.importing.report import Report
from migration.importing.tables import Tables
from migration.importing.undo import undo
from migration.models import ImportedItem, ImportRun, PersonAlias, ReviewItem, UnresolvedName
from migration.planning.values import Plan, Verdict
from tests.migration.houses import Unpacked
from tests.migration.importing.conftest import Import

PRODUCT: tuple[Any, ...] = (Person, FaceSample, Event, Capture, FaceObservation, NotificationChannel)
OURS: tuple[Any, ...] = (ImportRun, ImportedItem, PersonAlias, ReviewItem, UnresolvedName)


def everything() -> dict[str, list[dict[str, Any]]]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in (*PRODUCT, *OURS)}


def files_in(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def person_of(expected: dict[str, Any]) -> Person:
    return Person.objects.get(name=expected["display_name"])


def event_of(expected: dict[str, Any]) -> Event:
    return Event.objects.get(started_at=datetime.fromisoformat(expected["timestamp_utc"]))


def test_people_and_lists_are_as_expected(arrived: Report, real: Unpacked) -> None:
    assert Person.objects.count() == real.expected["counts"]["people_recommended"] == 6
    for expected in real.expected["people"]:
        person = person_of(expected)
        assert person.is_blocked == expected["blacklisted"]
        assert person.samples.count() == expected["image_count"]
        aliases = set(person.aliases.values_list("name", flat=True))
        assert set(expected["legacy_names"]) <= aliases
        assert "faces_db_person_id" not in expected or expected["faces_db_person_id"] in aliases


def test_old_encodings_are_the_caches_own(arrived: Report, real: Unpacked) -> None:
    for expected in real.expected["people"]:
        stored = {
            hashlib.sha256(sample.vector.astype("<f8").tobytes()).hexdigest()
            for sample in person_of(expected).samples.all()
        }
        cached = {
            real.expected["caches"][image["equals_cache"]["file"]][image["equals_cache"]["index"]][
                "sha256_of_float64_le"
            ]
            for image in expected["images"]
            if image["equals_cache"]
        }
        assert cached <= stored
        assert len(stored) == len(expected["images"])
    assert set(FaceSample.objects.values_list("encoding_model", flat=True)) == {"small"}


def test_the_picture_dropped_in_after_the_cache_is_encoded_now(arrived: Report) -> None:
    first, second = Person.objects.get(name="grandpa_joe").samples.order_by("pk")
    distance = float(np.linalg.norm(first.vector - second.vector))
    assert distance == pytest.approx(0.4015, abs=0.001)


def test_samples_show_the_face_and_can_be_encoded_again(arrived: Report) -> None:
    from faces.enrollment import reencode_samples

    before = {sample.pk: sample.vector for sample in FaceSample.objects.all()}
    assert reencode_samples(Person.objects.all()) == 9
    moved = [float(np.linalg.norm(sample.vector - before[sample.pk])) for sample in FaceSample.objects.all()]
    assert max(moved) < 0.1, "the file is a JPEG of a JPEG now"


def test_the_review_list_is_as_expected(arrived: Report, real: Unpacked) -> None:
    items = {item.source: item for item in ReviewItem.objects.all()}
    pictures = {entry["path"]: entry for entry in real.expected["review"]}
    assert items.keys() == {
        "data/known_faces/rosa_lindt_20250919_180000.jpg",
        "data/known_faces/jon_3.jpeg",
        "faces.db person person_0007, encoding 5",
    }
    assert pictures.keys() - items.keys() == {"data/blacklist_faces/fbi_unknown_suspect.jpg"}
    assert all(entry["reason"] for entry in arrived.items() if entry["source"] in pictures)
    rosa = items["data/known_faces/rosa_lindt_20250919_180000.jpg"]
    assert (rosa.name, rosa.is_blocked) == ("Rosa Lindt", True)
    assert items["data/known_faces/jon_3.jpeg"].name == "jon"
    assert items["faces.db person person_0007, encoding 5"].name == "person_0007"


def test_every_visit_of_the_log_is_as_expected(arrived: Report, real: Unpacked) -> None:
    outcomes = {
        "KNOWN_VISITOR": "known",
        "UNKNOWN_VISITOR": "unknown",
        "BLACKLIST_ALERT": "blocked",
        "NO_FACES": "no_face",
        "CAPTURE_FAILURE": "no_picture",
    }
    statuses = {"known": "known", "unknown": "unknown", "blacklisted": "blocked"}
    people = {expected["key"]: person_of(expected) for expected in real.expected["people"]}
    for expected in real.expected["events_log"]:
        event = event_of(expected)
        assert (event.trigger, event.outcome) == ("press", outcomes[expected["event_type"]])
        assert event.settled_at == event.decided_at == event.closed_at == event.started_at
        faces = FaceObservation.objects.filter(capture__event=event).order_by("track")
        assert [(face.status, face.person, face.distance) for face in faces] == [
            (statuses[face["status"]], people.get(face["person"]), face["distance"]) for face in expected["faces"]
        ]


def test_captures_are_byte_for_byte_the_old_ones(arrived: Report, real: Unpacked) -> None:
    events = {expected["id"]: expected for expected in real.expected["events_log"]}
    with_picture = Capture.objects.exclude(image="")
    assert with_picture.count() == real.expected["counts"]["captures"] == 12
    for expected in real.expected["captures"]:
        if expected["event"] is None:
            capture = with_picture.get(event__trigger="upload")
        else:
            capture = with_picture.get(event=event_of(events[expected["event"]]))
        with capture.image.open("rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == expected["sha256"]
        assert (capture.width, capture.height, capture.status) == (1280, 720, "done")


def test_every_cropped_face_is_found_again_in_its_capture(arrived: Report, real: Unpacked) -> None:
    events = {expected["id"]: expected for expected in real.expected["events_log"]}
    for expected in real.expected["cropped_faces"]:
        faces = FaceObservation.objects.filter(capture__event=event_of(events[expected["event"]]))
        face = faces.get(track=expected["face_index"])
        assert 0 < face.box.width < 400, expected["path"]
    counts = arrived.counts["cropped face"]
    assert counts == {"imported": 14}


def test_the_newest_versions_database_is_as_expected(arrived: Report, real: Unpacked) -> None:
    names = {"Grandpa Joe": "grandpa_joe"}
    for expected in real.expected["events_db"]["events"]:
        if not expected["faces"]:
            continue
        at = datetime.fromtimestamp(expected["timestamp_epoch"], tz=datetime.now().astimezone().tzinfo)
        event = Event.objects.get(decided_at=at)
        faces = FaceObservation.objects.filter(capture__event=event).order_by("track")
        assert [face.person and face.person.name for face in faces] == [
            None if face["identity"] in (None, "person_0007") else names.get(face["identity"], face["identity"])
            for face in expected["faces"]
        ]
        assert all((face.encoding is None) == (face.status == "unknown") for face in faces)
    assert UnresolvedName.objects.get().name == "person_0007"


def test_the_similarity_of_the_newest_version_is_turned_back_into_a_distance(arrived: Report) -> None:
    """The same moment was measured by both versions: on capture visitor_20251012_101500 and in row 2."""
    sam = FaceObservation.objects.filter(person__name="Sam Carter", capture__image="").order_by("pk")
    assert sam[0].distance == pytest.approx(0.08367856463476986)


def test_telegram_is_a_channel_and_its_token_is_in_no_report(arrived: Report, real: Unpacked) -> None:
    expected = real.expected["credentials"]
    channel = NotificationChannel.objects.get()
    assert channel.is_enabled
    assert channel.config["bot_token"] == expected["values"]["TELEGRAM_BOT_TOKEN"]
    assert channel.config["chat_ids"] == [
        expected["chat_id_as_legacy_uses_it"],
        *expected["additional_chat_ids_as_legacy_uses_them"],
    ]
    told = "".join(map(str, [*arrived.items(), *everything()["ImportRun"], *everything()["ImportedItem"]]))
    assert "FAKE-TOKEN" not in told
    assert "FAKE-TOKEN" not in channel.sealed_config


def test_copies_under_backups_are_not_read(arrived: Report, real: Unpacked) -> None:
    assert Event.objects.filter(trigger="press").count() == real.expected["counts"]["events_log"] + 5
    assert not any("backup_2025" in item["source"] for item in arrived.items())
    assert {"data/backups"} == {item["source"] for item in arrived.items() if "backups" in item["source"]}


def test_the_gallery_knows_everybody_at_once(importing: Import, real_plan: Plan, real: Unpacked) -> None:
    before = current_version()
    importing(real_plan, real.root)
    gallery = current_gallery()
    assert gallery.version > before
    assert (len(gallery), int(gallery.is_blocked.sum())) == (9, 2)


def test_the_source_is_not_changed(arrived: Report, real: Unpacked) -> None:
    from migration.legacy.tree import SourceTree
    from migration.planning.plan import make_plan
    from tests.migration.conftest import BERLIN

    before = real.fingerprint()
    make_plan(SourceTree(real.root), BERLIN)
    assert real.fingerprint() == before
    for path, digest in real.expected["sha256"].items():
        assert before[str(real.root / path)][1] == digest, path


def test_a_second_import_changes_nothing(
    arrived: Report, importing: Import, real_plan: Plan, real: Unpacked, media: Path
) -> None:
    before, files = everything(), files_in(media)
    second = importing(real_plan, real.root)
    assert everything() == before
    assert files_in(media) == files
    assert second.count(Verdict.IMPORTED) == second.count(Verdict.REVIEW) == 0
    assert second.count(Verdict.ALREADY_THERE) == arrived.count(Verdict.IMPORTED) + arrived.count(Verdict.REVIEW)


def test_a_dry_run_reads_everything_and_writes_nothing(
    importing: Import, real_plan: Plan, real: Unpacked, media: Path
) -> None:
    before = everything()
    report = importing(real_plan, real.root, is_dry=True)
    assert everything() == before
    assert files_in(media) == {}
    assert report.counts["visit"] == {"imported": 20}
    assert report.counts["capture"] == {"imported": 12}
    assert report.counts["review"] == {"sent to review": 3}


def test_going_back_leaves_nothing(
    importing: Import,
    real_plan: Plan,
    real: Unpacked,
    media: Path,
    tables: Tables,
    django_capture_on_commit_callbacks: Any,
) -> None:
    before = {name: rows for name, rows in everything().items() if name != "GalleryVersion"}
    importing(real_plan, real.root)
    with django_capture_on_commit_callbacks(execute=True):
        report = undo(tables)
    assert report.kept == []
    assert report.removed == {"visit": 20, "channel": 1, "sample": 9, "person": 6, "review": 3}
    assert everything() == before
    assert files_in(media) == {}
    assert len(current_gallery()) == 0


def test_there_and_back_and_there_again(
    importing: Import, real_plan: Plan, real: Unpacked, tables: Tables, django_capture_on_commit_callbacks: Any
) -> None:
    importing(real_plan, real.root)
    with django_capture_on_commit_callbacks(execute=True):
        undo(tables)
    assert importing(real_plan, real.root).counts["visit"] == {"imported": 20}


def test_unknown_visitors_vectors_are_kept_when_asked_for(importing: Import, real: Unpacked, settings: Any) -> None:
    from migration.legacy.tree import SourceTree
    from migration.planning.plan import make_plan
    from tests.migration.conftest import BERLIN

    importing(make_plan(SourceTree(real.root), BERLIN, keep_unknown_encodings=True), real.root)
    assert FaceObservation.objects.filter(status="unknown").exclude(encoding=None).count() == 1


def test_the_tables_are_found(tables: Tables) -> None:
    assert Tables.of(apps) == tables
