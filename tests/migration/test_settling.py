"""The owner's word on what the import would not decide."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.models import Capture, Event, FaceObservation
from faces.gallery import current_gallery
from faces.models import FaceSample, Person
from faces.people import InvalidName, create_person
from migration.models import PersonAlias, ReviewItem, ReviewKind, ReviewStatus, UnresolvedName
from migration.settling import AlreadySettled, accept, discard
from pipeline.vision.geometry import Box
from tests.conftest import Portraits
from tests.migration.conftest import Make
from tests.migration.houses import vector
from tests.seeding import HOPPER_BOX, add_capture, add_event, add_face


@pytest.fixture(autouse=True)
def _commit(django_capture_on_commit_callbacks: Any) -> Iterator[None]:
    with django_capture_on_commit_callbacks(execute=True):
        yield


def test_an_accepted_face_is_enrolled_under_its_name(make: Make) -> None:
    accept(make())
    person = Person.objects.get()
    sample = FaceSample.objects.get()
    assert (person.name, person.is_blocked) == ("jon", False)
    assert sample.vector.tolist() == vector(1).astype("float32").tolist()
    assert Box(sample.box_top, sample.box_right, sample.box_bottom, sample.box_left) == Box(10, 110, 110, 10)
    assert str(sample.image.name).startswith("samples/")
    assert len(current_gallery()) == 1
    item = ReviewItem.objects.get()
    assert (item.status, item.image.name, item.encoding) == (ReviewStatus.ACCEPTED, "", None)


def test_an_accepted_face_joins_the_person_of_that_name(make: Make) -> None:
    jon = create_person("Jon")
    accept(make())
    assert list(Person.objects.all()) == [jon]
    assert jon.samples.count() == 1


def test_old_visits_under_its_names_become_the_persons(make: Make, portraits: Portraits) -> None:
    event = add_event(reason="recognized as 'jon_3', who is not enrolled here")
    face = add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX)
    UnresolvedName.objects.create(observation=face, name="jon_3", key="jon_3")
    accept(make())
    face.refresh_from_db()
    event.refresh_from_db()
    assert face.person == Person.objects.get()
    assert event.reason == ""
    assert not UnresolvedName.objects.exists()
    assert set(PersonAlias.objects.values_list("name", flat=True)) == {"jon", "jon_3"}


def test_a_blocked_person_stays_blocked(make: Make) -> None:
    create_person("jon", is_blocked=True)
    accept(make(is_blocked=False))
    assert Person.objects.get().is_blocked


def test_accepting_a_blocked_face_blocks_the_person(make: Make) -> None:
    create_person("jon")
    accept(make(is_blocked=True))
    assert Person.objects.get().is_blocked


def test_an_item_without_a_name_says_that_it_needs_one(make: Make) -> None:
    with pytest.raises(InvalidName, match="is not a name; use at least one letter"):
        accept(make(name=""))
    assert ReviewItem.objects.get().status == ReviewStatus.OPEN
    assert not Person.objects.exists()


def test_a_face_without_a_picture_is_enrolled_by_its_encoding(make: Make) -> None:
    item = make()
    ReviewItem.objects.update(image="", box=None)
    item.refresh_from_db()
    accept(item)
    assert FaceSample.objects.get().image.name == ""


def test_a_stray_picture_becomes_a_visit_at_its_time(make: Make, media: Path) -> None:
    at = datetime(2025, 11, 1, 12, tzinfo=UTC)
    accept(make(kind=ReviewKind.STRAY_PICTURE, encoding=None, box=None, taken_at=at, name=""))
    event, capture = Event.objects.get(), Capture.objects.get()
    assert event.started_at == event.settled_at == capture.taken_at == at
    assert (capture.width, capture.height, capture.status) == (512, 600, "done")
    assert str(capture.image.name).startswith("captures/2025/11/01/")
    assert not FaceObservation.objects.exists()


def test_a_discarded_item_is_forgotten_but_for_the_answer(make: Make) -> None:
    discard(make())
    item = ReviewItem.objects.get()
    assert (item.status, item.image.name, item.encoding) == (ReviewStatus.DISCARDED, "", None)
    assert item.settled_at is not None
    assert not Person.objects.exists()


def test_an_item_is_settled_once(make: Make) -> None:
    item = make()
    discard(item)
    for settle in (accept, discard):
        with pytest.raises(AlreadySettled, match="was settled before; reload the list"):
            settle(item)
    assert not Person.objects.exists()
