from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from faces.models import FaceSample, GalleryVersion, Person
from tests.conftest import Portraits
from tests.seeding import HOPPER_BOX, add_plain_sample

LIST = "/admin/faces/person/"
NO_SAMPLES = {"samples-TOTAL_FORMS": "0", "samples-INITIAL_FORMS": "0"}


def save(browser: Client, path: str, **fields: Any) -> str:
    response = browser.post(f"{LIST}{path}", {**NO_SAMPLES, **fields}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def hopper(db: None, media: Path, portraits: Portraits) -> Person:
    person = Person.objects.create(name="Grace Hopper")
    add_plain_sample(person, portraits.grace_hopper, HOPPER_BOX)
    return person


def test_person_is_added_with_several_pictures_at_once(web: Client, portraits: Portraits, media: Path) -> None:
    hopper = portraits.grace_hopper
    pictures = [SimpleUploadedFile(hopper.name, hopper.read_bytes()), SimpleUploadedFile("note.jpg", b"no picture")]
    text = save(web, "add/", name=" Grace  Hopper ", is_blocked="on", pictures=pictures)
    person = Person.objects.get()
    assert (person.name, person.is_blocked, person.samples.count()) == ("Grace Hopper", True, 1)
    assert "Picture grace_hopper.jpg: added" in text
    assert "note.jpg: this is not a picture" in text


def test_bad_and_taken_names_are_explained(web: Client, hopper: Person) -> None:
    assert "A name cannot contain" in save(web, "add/", name="<b>")
    assert "already" in save(web, "add/", name="grace hopper")
    assert Person.objects.count() == 1


def test_change_is_told_to_galleries(web: Client, hopper: Person) -> None:
    save(web, f"{hopper.pk}/change/", name="Amazing Grace", is_blocked="on")
    hopper.refresh_from_db()
    assert (hopper.name, hopper.is_blocked) == ("Amazing Grace", True)
    assert GalleryVersion.objects.get().version >= 1


def test_list_shows_faces_and_is_searched_and_filtered(web: Client, hopper: Person) -> None:
    Person.objects.create(name="Ada", is_blocked=True)
    sample = hopper.samples.get()
    assert f"/samples/{sample.pk}/picture.jpg" in web.get(LIST).content.decode()
    assert "Grace Hopper" not in web.get(f"{LIST}?is_blocked__exact=1").content.decode()
    assert "Ada" not in web.get(f"{LIST}?q=hopp").content.decode()


@pytest.mark.django_db(transaction=True)
def test_sample_ticked_for_deletion_goes_with_its_file(web: Client, portraits: Portraits, media: Path) -> None:
    person = Person.objects.create(name="Grace Hopper")
    sample = add_plain_sample(person, portraits.grace_hopper, HOPPER_BOX)
    ticked = {
        "samples-TOTAL_FORMS": "1",
        "samples-INITIAL_FORMS": "1",
        "samples-0-id": str(sample.pk),
        "samples-0-person": str(person.pk),
        "samples-0-DELETE": "on",
    }
    save(web, f"{person.pk}/change/", name=person.name, **ticked)
    assert not FaceSample.objects.exists()
    assert not files(media)


@pytest.mark.parametrize("way", ["page", "action"])
@pytest.mark.django_db(transaction=True)
def test_deleted_person_leaves_no_picture(web: Client, portraits: Portraits, media: Path, way: str) -> None:
    person = Person.objects.create(name="Grace Hopper")
    add_plain_sample(person, portraits.grace_hopper, HOPPER_BOX)
    if way == "page":
        web.post(f"{LIST}{person.pk}/delete/", {"post": "yes"})
    else:
        web.post(LIST, {"action": "delete_selected", "_selected_action": [str(person.pk)], "post": "yes"})
    assert not Person.objects.exists()
    assert not files(media)


def test_reencode_says_how_many_and_replaces_the_encoding(web: Client, hopper: Person) -> None:
    before = bytes(hopper.samples.get().encoding)
    sent = {"action": "reencode", "_selected_action": [str(hopper.pk)]}
    text = web.post(LIST, sent, follow=True).content.decode()
    assert "1 of 1 pictures encoded again." in text
    assert bytes(hopper.samples.get().encoding) != before


def test_reencode_says_what_it_could_not_do(web: Client, hopper: Person, media: Path) -> None:
    for path in files(media):
        path.unlink()
    sent = {"action": "reencode", "_selected_action": [str(hopper.pk)]}
    assert "0 of 1 pictures encoded again." in web.post(LIST, sent, follow=True).content.decode()
