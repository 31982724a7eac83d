import re
from pathlib import Path

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from faces.models import FaceSample, Person
from pipeline.vision.images import decode_image, encode_jpeg
from tests.conftest import Portraits
from tests.seeding import HOPPER_BOX, add_plain_sample


@pytest.fixture
def hopper(db: None, media: Path) -> Person:
    return Person.objects.create(name="Grace Hopper")


def picture(data: bytes, name: str = "face.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def two_faces(portraits: Portraits) -> bytes:
    left, right = (decode_image(path.read_bytes())[:512] for path in portraits)
    return encode_jpeg(np.concatenate([left, right], axis=1), quality=95)


def offers(page: str) -> list[dict[str, str]]:
    """The hidden fields of every form that takes a picture after all."""
    forms = re.findall(r'<form method="post" action="/people/\d+/samples/answer/">(.*?)</form>', page, re.S)
    return [dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)) for form in forms]


def test_empty_page_says_how_to_enroll(web: Client, resident_web: Client) -> None:
    text = web.get("/people/").content.decode()
    assert "Nobody is enrolled" in text
    assert "./doorbell manage enroll" in text
    assert "/people/add/" not in resident_web.get("/people/").content.decode()


def test_person_is_added_with_pictures(web: Client, portraits: Portraits, media: Path) -> None:
    sent = {"name": "Grace Hopper", "is_blocked": "on", "pictures": [picture(portraits.grace_hopper.read_bytes())]}
    response = web.post("/people/add/", sent, follow=True)
    person = Person.objects.get()
    assert response.redirect_chain == [(f"/people/{person.pk}/", 302)]
    assert (person.name, person.is_blocked, person.samples.count()) == ("Grace Hopper", True, 1)
    assert "1 picture of Grace Hopper added." in response.content.decode()
    listed = web.get("/people/").content.decode()
    assert "Grace Hopper" in listed
    assert "watch-list" in listed


@pytest.mark.parametrize("name", ["<b>Ada</b>", "../../etc", "x" * 10_000, ""])
def test_bad_name_is_explained_and_nobody_is_made(web: Client, name: str) -> None:
    response = web.post("/people/add/", {"name": name})
    assert response.status_code == 200
    assert 'class="error"' in response.content.decode()
    assert not Person.objects.exists()


def test_taken_name_is_explained(web: Client, hopper: Person) -> None:
    assert "is called" in web.post("/people/add/", {"name": "grace hopper"}).content.decode()
    other = Person.objects.create(name="Ada")
    answer = web.post(f"/people/{other.pk}/rename/", {"name": "GRACE HOPPER"}, follow=True)
    assert "choose another name" in answer.content.decode()


def test_every_picture_gets_its_own_answer(web: Client, hopper: Person, portraits: Portraits) -> None:
    pictures = [
        picture(portraits.grace_hopper.read_bytes(), "good.jpg"),
        picture(b"", "empty.jpg"),
        picture(b"<svg/>", "drawing.jpg"),
        picture(portraits.grace_hopper.read_bytes(), "again.jpg"),
    ]
    text = web.post(f"/people/{hopper.pk}/samples/", {"pictures": pictures}).content.decode()
    found = dict(re.findall(r"<strong>([^<]+\.jpg)</strong> <span>([^<]+)</span>", text))
    assert list(found) == ["good.jpg", "empty.jpg", "drawing.jpg", "again.jpg"]
    assert found["good.jpg"] == "added"
    assert found["empty.jpg"] == "the picture is empty (0 bytes); send it again"
    assert "SVG" in found["drawing.jpg"]
    assert hopper.samples.count() == 1


def test_of_several_faces_one_is_chosen_on_the_page(web: Client, hopper: Person, portraits: Portraits) -> None:
    add = f"/people/{hopper.pk}/samples/"
    text = web.post(add, {"pictures": [picture(two_faces(portraits), "both.jpg")]}).content.decode()
    assert "Which of them is Grace Hopper?" in text
    left, right = offers(text)
    answer = web.post(f"{add}answer/", left).content.decode()
    assert "<strong>both.jpg</strong> <span>added</span>" in answer
    web.post(add, {"pictures": [picture(portraits.grace_hopper.read_bytes())]})
    chosen = FaceSample.objects.earliest("id")
    collins = Person.objects.create(name="Eileen Collins")
    web.post(f"/people/{collins.pk}/samples/answer/", right)
    assert np.linalg.norm(chosen.vector - collins.samples.get().vector) > 0.6


def test_face_of_somebody_else_is_asked_about(web: Client, hopper: Person, portraits: Portraits, media: Path) -> None:
    data = portraits.grace_hopper.read_bytes()
    web.post(f"/people/{hopper.pk}/samples/", {"pictures": [picture(data)]})
    ada = Person.objects.create(name="Ada")
    text = web.post(f"/people/{ada.pk}/samples/", {"pictures": [picture(data)]}).content.decode()
    assert "Is this Ada?" in text
    assert not ada.samples.exists()
    assert len(list(media.rglob("*.png"))) == 1
    (offer,) = offers(text)
    web.post(f"/people/{ada.pk}/samples/answer/", offer)
    assert ada.samples.count() == 1


@pytest.mark.parametrize("changes", [{"picture": "no base64!"}, {"picture": ""}, {"box": "1,2"}, {"box": "9,9,9,9"}])
def test_answer_that_was_tampered_with_is_refused(
    web: Client, hopper: Person, portraits: Portraits, changes: dict[str, str]
) -> None:
    answer = {"title": "x.jpg", "picture": "AAAA", "box": "1,20,20,1", **changes}
    assert web.post(f"/people/{hopper.pk}/samples/answer/", answer, follow=True).status_code == 200
    assert not FaceSample.objects.exists()


def test_no_picture_chosen_is_said(web: Client, hopper: Person) -> None:
    text = web.post(f"/people/{hopper.pk}/samples/", follow=True).content.decode()
    assert "Choose one or more pictures first." in text


def test_person_is_renamed_blocked_and_deleted(web: Client, hopper: Person) -> None:
    web.post(f"/people/{hopper.pk}/rename/", {"name": "Amazing Grace"})
    web.post(f"/people/{hopper.pk}/block/", {"blocked": "yes"})
    hopper.refresh_from_db()
    assert (hopper.name, hopper.is_blocked) == ("Amazing Grace", True)
    assert "Delete Amazing Grace?" in web.get(f"/people/{hopper.pk}/delete/").content.decode()
    assert Person.objects.exists()
    web.post(f"/people/{hopper.pk}/delete/")
    assert not Person.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deleted_picture_is_gone_from_the_disk(web: Client, media: Path, portraits: Portraits) -> None:
    person = Person.objects.create(name="Grace Hopper")
    sample = add_plain_sample(person, portraits.grace_hopper, HOPPER_BOX)
    assert web.get(f"/samples/{sample.pk}/picture.jpg").status_code == 200
    web.post(f"/samples/{sample.pk}/delete/")
    assert not [path for path in media.rglob("*") if path.is_file()]
    assert web.get(f"/samples/{sample.pk}/picture.jpg").status_code == 404


@pytest.mark.parametrize(
    "path", ["add/", "{pk}/rename/", "{pk}/block/", "{pk}/delete/", "{pk}/samples/", "{pk}/samples/answer/"]
)
def test_resident_changes_nobody(resident_web: Client, hopper: Person, path: str) -> None:
    response = resident_web.post("/people/" + path.format(pk=hopper.pk), {"name": "x", "blocked": "yes"})
    assert response.status_code == 403
    hopper.refresh_from_db()
    assert (hopper.name, hopper.is_blocked) == ("Grace Hopper", False)
    assert "Rename" not in resident_web.get(f"/people/{hopper.pk}/").content.decode()


def test_many_people_take_no_more_queries(web: Client, hopper: Person, portraits: Portraits) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            web.get("/people/")
        return len(queries)

    before = count_queries()
    for number in range(3):
        add_plain_sample(Person.objects.create(name=f"Person {number}"), portraits.grace_hopper, HOPPER_BOX)
    assert count_queries() == before
