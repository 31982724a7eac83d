"""Going back removes what was imported and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from events.models import Event, FaceObservation, FaceStatus, Trigger
from events.notifications.models import NotificationChannel
from faces.enrollment import add_sample
from faces.models import FaceSample, Person
from faces.people import change_person, create_person
from migration.importing.tables import Tables
from migration.importing.undo import UndoReport, lines_of, undo
from migration.models import ImportedItem, ImportRun, PersonAlias, ReviewItem
from migration.planning.values import Plan
from pipeline.vision.images import decode_image, encode_jpeg
from tests.conftest import Portraits
from tests.migration.houses import House, seen, visit
from tests.migration.importing.conftest import Import
from tests.seeding import HOPPER_BOX, add_capture, add_event, add_face

CREDENTIALS = """
TELEGRAM_BOT_TOKEN = "123456789:AAE-secret-secret-secret"
TELEGRAM_CHAT_ID = "42"
ADDITIONAL_CHAT_IDS = []
SEND_PHOTOS = True
MAX_PHOTO_SIZE = 1048576
RETRY_ATTEMPTS = 3
RETRY_DELAY = 5
"""


@pytest.fixture
def imported(importing: Import, plan_of: Callable[[House], Plan], house: House, portraits: Portraits) -> None:
    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    house.put("data/known_faces/Eileen.png", encode_jpeg(decode_image(portraits.grace_hopper.read_bytes())))
    house.put("config/credentials_telegram.py", CREDENTIALS)
    house.log(
        visit("2025-09-22T16:20:00", "KNOWN_VISITOR", [seen("Grace")]),
        visit("2025-09-22T17:20:00"),
    )
    importing(plan_of(house), house.root)


@pytest.fixture
def going_back(tables: Tables, django_capture_on_commit_callbacks: Any) -> Callable[[], UndoReport]:
    def go() -> UndoReport:
        with django_capture_on_commit_callbacks(execute=True):
            return undo(tables)

    return go


def test_everything_untouched_goes(imported: None, going_back: Callable[[], UndoReport], media: Path) -> None:
    report = going_back()
    assert report.removed == {"visit": 2, "channel": 1, "sample": 1, "person": 1, "review": 1}
    for model in (Event, Person, FaceSample, NotificationChannel, ImportRun, ImportedItem, PersonAlias, ReviewItem):
        assert not model._default_manager.exists(), model
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_what_was_there_before_stays(
    importing: Import,
    plan_of: Callable[[House], Plan],
    house: House,
    portraits: Portraits,
    going_back: Callable[[], UndoReport],
) -> None:
    grace, mine = create_person("Grace"), add_event()
    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    house.log(visit("2025-09-22T16:20:00", "KNOWN_VISITOR", [seen("Grace")]))
    importing(plan_of(house), house.root)
    going_back()
    assert list(Person.objects.all()) == [grace]
    assert list(Event.objects.all()) == [mine]
    assert not FaceSample.objects.exists()
    assert not PersonAlias.objects.exists()


def test_a_visit_that_was_labelled_since_stays(imported: None, going_back: Callable[[], UndoReport]) -> None:
    face = FaceObservation.objects.get()
    FaceObservation.objects.filter(pk=face.pk).update(person=create_person("Somebody"), status=FaceStatus.KNOWN)
    report = going_back()
    assert report.kept == [("data/logs/events.log line 1", "changed since")]
    assert Event.objects.count() == 1
    assert report.removed["visit"] == 1


def test_a_person_renamed_since_stays_with_the_pictures(imported: None, going_back: Callable[[], UndoReport]) -> None:
    change_person(Person.objects.get(), name="Admiral Hopper")
    report = going_back()
    assert Person.objects.get().samples.count() == 1
    assert report.kept == [("data/known_faces/Grace.jpg", "changed since")] * 2


def test_a_person_with_a_picture_added_since_stays(
    imported: None, going_back: Callable[[], UndoReport], portraits: Portraits
) -> None:
    add_sample(Person.objects.get(), portraits.astronaut.read_bytes(), confirmed=True)
    report = going_back()
    assert Person.objects.get().samples.count() == 2
    assert ("data/known_faces/Grace.jpg", "has pictures added since") in report.kept


def test_a_person_seen_in_a_newer_visit_stays(
    imported: None, going_back: Callable[[], UndoReport], portraits: Portraits
) -> None:
    grace = Person.objects.get()
    event = add_event(trigger=Trigger.PRESS, started_at=timezone.now())
    face = add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, grace)
    report = going_back()
    face.refresh_from_db()
    assert face.person == grace
    assert list(Event.objects.all()) == [event]
    assert ("data/known_faces/Grace.jpg", "seen in visits that stay") in report.kept


def test_a_channel_changed_since_stays(imported: None, going_back: Callable[[], UndoReport]) -> None:
    NotificationChannel.objects.update(is_enabled=False)
    assert going_back().kept == [("config/credentials_telegram.py", "changed since")]
    assert NotificationChannel.objects.exists()


def test_what_was_decided_in_the_review_list_stays(imported: None, going_back: Callable[[], UndoReport]) -> None:
    from migration.settling import accept

    accept(ReviewItem.objects.get())
    report = going_back()
    assert report.kept == [("data/known_faces/Eileen.png", "decided in the review list")]
    assert [person.name for person in Person.objects.all()] == ["Eileen"]
    assert ImportRun.objects.count() == 1


def test_only_the_imports_of_one_origin_are_undone(imported: None, tables: Tables) -> None:
    assert undo(tables, origin="migrate").removed == {}
    assert Event.objects.count() == 2


def test_a_second_undo_has_nothing_to_do(imported: None, going_back: Callable[[], UndoReport]) -> None:
    going_back()
    assert list(lines_of(going_back())) == ["removed: nothing"]


def test_the_report_is_told_in_lines() -> None:
    report = UndoReport({"visit": 2, "person": 1}, [("data/logs/events.log line 1", "changed since")])
    assert list(lines_of(report)) == [
        "removed: 2 visits, 1 persons",
        "kept: data/logs/events.log line 1: changed since",
    ]
