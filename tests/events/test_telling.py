from pathlib import Path

import pytest

from events import telling
from events.browsing import events_to_show
from events.models import Capture, Event, FaceStatus, Outcome
from events.people import PersonSeen
from faces.models import Person
from faces.people import delete_person
from pipeline.vision.geometry import Box
from tests.conftest import Portraits
from tests.seeding import add_capture, add_event, add_face

BOX = Box(10, 60, 60, 10)


@pytest.fixture
def capture(db: None, media: Path, portraits: Portraits) -> Capture:
    return add_capture(add_event(), portraits.astronaut)


def shown(capture: Capture) -> Event:
    return events_to_show().get(pk=capture.event_id)


def test_people_come_before_strangers(capture: Capture) -> None:
    add_face(capture, BOX)
    add_face(capture, BOX, Person.objects.create(name="Zoe"), track=2)
    add_face(capture, BOX, Person.objects.create(name="Ada"), track=3)
    assert telling.who(shown(capture)) == "Ada, Zoe and an unknown person"


def test_stranger_in_several_pictures_is_one_person(capture: Capture, portraits: Portraits) -> None:
    add_face(capture, BOX, track=1)
    add_face(add_capture(capture.event, portraits.astronaut), BOX, track=1)
    add_face(capture, BOX, track=2)
    assert telling.who(shown(capture)) == "2 unknown people"


def test_deleted_person_is_not_called_a_stranger(capture: Capture) -> None:
    person = Person.objects.create(name="Ada")
    add_face(capture, BOX, person)
    delete_person(person)
    event = shown(capture)
    assert telling.who(event) == "Somebody deleted since"
    assert [each.name for each in telling.sightings(event)] == ["Deleted person"]


def test_watch_list_is_said_first(capture: Capture) -> None:
    add_face(capture, BOX, Person.objects.create(name="Mallory", is_blocked=True))
    Event.objects.update(outcome=Outcome.BLOCKED)
    assert telling.headline(shown(capture)) == "On the watch-list: Mallory."


def test_face_not_yet_judged_is_nobody(capture: Capture) -> None:
    add_face(capture, BOX, status=FaceStatus.PENDING)
    assert telling.sightings(shown(capture)) == []


def test_cover_is_the_picture_with_the_best_face(capture: Capture, portraits: Portraits) -> None:
    best = add_capture(capture.event, portraits.grace_hopper)
    add_face(capture, BOX, quality=0.2)
    add_face(best, BOX, quality=0.9)
    assert telling.cover(shown(capture)) == best


@pytest.mark.parametrize(
    ("distance", "is_blocked", "words"),
    [
        (0.39, False, "Very sure: distance 0.39, up to 0.60 counts as the same person."),
        (0.45, False, "Sure: distance 0.45, up to 0.60 counts as the same person."),
        (0.59, False, "Fairly sure: distance 0.59, up to 0.60 counts as the same person."),
        (0.45, True, "Fairly sure: distance 0.45, up to 0.50 counts as the same person."),
        (None, False, "Recognized."),
    ],
)
def test_certainty_is_measured_by_the_list_that_counts(distance: float | None, is_blocked: bool, words: str) -> None:
    assert telling.describe_certainty(PersonSeen(1, "Ada", is_blocked, distance)) == words
