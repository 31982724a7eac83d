"""Names from outside, and people who are really forgotten."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from events.models import Capture, Event, FaceObservation
from faces.gallery import current_version
from faces.models import FaceSample, Person
from faces.people import InvalidName, NameTaken, change_person, clean_name, create_person, delete_person, delete_sample


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Grace   Hopper ", "Grace Hopper"),
        ("Vic O'Crane", "Vic O'Crane"),
        ("Jose\u0301", "José"),
        ("李小龙", "李小龙"),
        ("Mum & Dad", "Mum & Dad"),
    ],
)
def test_names_are_folded_and_composed(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("<b>Bob</b>", "a name cannot contain '/' '<' '>'; use letters, digits, blanks, - ' and ."),
        ("../../etc", "a name cannot contain '/'; use letters, digits, blanks, - ' and ."),
        ("Bob\x00", "a name cannot contain '\\x00'; use letters, digits, blanks, - ' and ."),
        ("Bob\u202egpj", "a name cannot contain '\\u202e'; use letters, digits, blanks, - ' and ."),
        ("..", "'..' is not a name; use at least one letter"),
        ("   ", "'   ' is not a name; use at least one letter"),
        ("x" * 101, "a name of 101 characters is too long; use at most 100"),
        ("x" * 10_000, "a name of 10000 characters is too long; use at most 100"),
    ],
)
def test_names_that_could_do_harm_are_refused(given: str, message: str) -> None:
    with pytest.raises(InvalidName) as error:
        clean_name(given)
    assert str(error.value) == message


@pytest.mark.django_db
def test_two_people_cannot_share_a_name_whatever_its_case() -> None:
    create_person("Grace Hopper")
    with pytest.raises(NameTaken) as error:
        create_person("grace  hopper")
    assert str(error.value) == "somebody is called 'grace hopper' already; choose another name"


@pytest.mark.django_db
def test_a_refused_rename_changes_nothing() -> None:
    create_person("Grace Hopper")
    other = create_person("Eileen Collins")
    with pytest.raises(NameTaken):
        change_person(other, name="Grace Hopper")
    assert Person.objects.get(pk=other.pk).name == "Eileen Collins"


@pytest.mark.django_db
def test_blocking_somebody_makes_galleries_elsewhere_reload() -> None:
    person = create_person("Grace Hopper")
    before = current_version()
    change_person(person, is_blocked=True)
    assert current_version() != before


def enrolled(person: Person) -> FaceSample:
    sample = FaceSample(person=person, encoding=bytes(512), encoding_model="small", quality=1.0)
    sample.box_top = sample.box_right = sample.box_bottom = sample.box_left = 0
    sample.image.save("face.jpg", ContentFile(b"picture"))
    return sample


@pytest.mark.django_db(transaction=True)
def test_a_deleted_person_leaves_no_picture_and_no_encoding(media: Path) -> None:
    person = create_person("Grace Hopper")
    enrolled(person)
    capture = Capture.objects.create(
        event=Event.objects.create(trigger="press"), image="x", taken_at=timezone.now(), width=1, height=1
    )
    seen = FaceObservation.objects.create(
        capture=capture, box_top=0, box_right=1, box_bottom=1, box_left=0, confidence=1, quality=1,
        encoding=bytes(512), person=person, distance=0.3, status="known",
    )  # fmt: skip
    delete_person(person)
    seen.refresh_from_db()
    assert (seen.person, seen.encoding, seen.distance) == (None, None, None)
    assert not FaceSample.objects.exists()
    assert [path for path in media.rglob("*") if path.is_file()] == []


@pytest.mark.django_db(transaction=True)
def test_a_deleted_sample_takes_its_picture_along(media: Path) -> None:
    person = create_person("Grace Hopper")
    first, second = enrolled(person), enrolled(person)
    before = current_version()
    delete_sample(first)
    assert [path.name for path in media.rglob("*.png")] == [Path(str(second.image.name)).name]
    assert current_version() != before
