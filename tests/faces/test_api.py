from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from faces.models import FaceSample, Person
from pipeline.vision.images import decode_image, encode_jpeg
from tests.conftest import Portraits
from tests.seeding import HOPPER_BOX, add_plain_sample


@pytest.fixture
def hopper(db: None, media: Path) -> Person:
    return Person.objects.create(name="Grace Hopper")


def send(client: APIClient, person: Person, data: bytes, **fields: str) -> tuple[int, dict[str, object]]:
    picture = SimpleUploadedFile("face.jpg", data, content_type="image/jpeg")
    response = client.post(f"/api/people/{person.pk}/samples/", {"image": picture, **fields}, format="multipart")
    return response.status_code, response.json()


def test_person_is_created_read_changed_and_deleted(api: APIClient, db: None) -> None:
    made = api.post("/api/people/", {"name": "  Ada   Lovelace "})
    assert made.status_code == 201
    body = made.json()
    assert list(body) == ["id", "name", "is_blocked", "created_at", "updated_at", "samples"]
    assert (body["name"], body["is_blocked"], body["samples"]) == ("Ada Lovelace", False, [])
    url = f"/api/people/{body['id']}/"
    assert api.get(url).json() == body
    assert api.patch(url, {"is_blocked": True}).json()["is_blocked"] is True
    assert api.put(url, {"name": "Ada King"}).json()["name"] == "Ada King"
    assert api.delete(url).status_code == 204
    assert not Person.objects.exists()


def test_people_are_listed_by_name_and_filtered(api: APIClient, db: None) -> None:
    Person.objects.create(name="Zoe")
    Person.objects.create(name="Ada", is_blocked=True)
    assert [each["name"] for each in api.get("/api/people/").json()["results"]] == ["Ada", "Zoe"]
    assert [each["name"] for each in api.get("/api/people/?is_blocked=true").json()["results"]] == ["Ada"]
    assert [each["name"] for each in api.get("/api/people/?name=ZO").json()["results"]] == ["Zoe"]


@pytest.mark.parametrize("name", ["<b>Ada</b>", "../../etc/passwd", "x" * 10_000, "\u202eAda", "...", "a\0b"])
def test_hostile_name_is_refused(api: APIClient, name: str, db: None) -> None:
    response = api.post("/api/people/", {"name": name})
    assert response.status_code == 400
    assert response.json()["code"] in {"invalid_name", "invalid", "parse_error"}
    assert not Person.objects.exists()


def test_name_with_half_a_character_is_refused(api: APIClient) -> None:
    response = api.post("/api/people/", '{"name": "\\ud800"}', content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": []}, {"name": ""}, {"name": "A", "is_blocked": "maybe"}])
def test_person_with_wrong_types_is_refused(api: APIClient, body: object, db: None) -> None:
    response = api.post("/api/people/", body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert not Person.objects.exists()


def test_taken_name_is_refused(api: APIClient, hopper: Person) -> None:
    response = api.post("/api/people/", {"name": "grace HOPPER"})
    assert response.status_code == 400
    assert response.json()["code"] == "name_taken"
    assert list(response.json()["field_errors"]) == ["name"]


def test_resident_sees_people_and_changes_nobody(resident_api: APIClient, hopper: Person) -> None:
    assert resident_api.get("/api/people/").status_code == 200
    for refused in (
        resident_api.post("/api/people/", {"name": "Ada"}),
        resident_api.patch(f"/api/people/{hopper.pk}/", {"is_blocked": True}),
        resident_api.delete(f"/api/people/{hopper.pk}/"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    hopper.refresh_from_db()
    assert not hopper.is_blocked


def test_permission_of_the_model_is_enough(resident_api: APIClient, resident: User, db: None) -> None:
    resident.user_permissions.add(Permission.objects.get(codename="add_person"))
    assert resident_api.post("/api/people/", {"name": "Ada"}).status_code == 201


def test_picture_becomes_a_sample(api: APIClient, hopper: Person, portraits: Portraits) -> None:
    status, body = send(api, hopper, portraits.grace_hopper.read_bytes())
    sample = FaceSample.objects.get(person=hopper)
    assert (status, body["id"]) == (201, sample.pk)
    assert set(body) == {"id", "image", "encoding_model", "quality", "created_at"}
    image = api.get(str(body["image"]))
    assert image.headers["Content-Type"] == "image/png"
    assert decode_image(image.content).ndim == 3


def test_picture_without_a_face_is_refused(api: APIClient, hopper: Person, media: Path) -> None:
    status, body = send(api, hopper, encode_jpeg(np.full((300, 300, 3), 128, dtype=np.uint8)))
    assert (status, body["code"], set(body)) == (422, "no_face", {"code", "detail"})
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_what_is_no_picture_is_refused(api: APIClient, hopper: Person) -> None:
    assert send(api, hopper, b"")[1]["code"] == "empty"
    status, body = send(api, hopper, b"no picture")
    assert (status, body["code"]) == (422, "unreadable")


def two_faces(portraits: Portraits) -> bytes:
    left, right = (decode_image(path.read_bytes())[:512] for path in portraits)
    return encode_jpeg(np.concatenate([left, right], axis=1), quality=95)


def test_of_several_faces_the_chosen_one_is_enrolled(api: APIClient, hopper: Person, portraits: Portraits) -> None:
    picture = two_faces(portraits)
    assert send(api, hopper, portraits.grace_hopper.read_bytes())[0] == 201
    status, body = send(api, hopper, picture)
    assert (status, body["code"]) == (422, "several_faces")
    assert send(api, hopper, picture, face="9")[1]["field_errors"] == {"face": ["there are 2 faces, not 9"]}
    assert send(api, Person.objects.create(name="Eileen Collins"), picture, face="2")[0] == 201
    hoppers, collins = FaceSample.objects.all()
    assert np.linalg.norm(hoppers.vector - collins.vector) > 0.6


def test_sample_is_deleted_with_its_file(
    api: APIClient, resident_api: APIClient, hopper: Person, portraits: Portraits, media: Path
) -> None:
    sample = add_plain_sample(hopper, portraits.grace_hopper, HOPPER_BOX)
    assert resident_api.delete(f"/api/samples/{sample.pk}/").status_code == 403
    assert api.delete(f"/api/samples/{sample.pk}/").status_code == 204
    assert not FaceSample.objects.exists()
    assert api.delete(f"/api/samples/{sample.pk}/").json()["code"] == "not_found"


def test_sample_for_an_unknown_person_is_not_found(api: APIClient, hopper: Person, portraits: Portraits) -> None:
    hopper.pk = 999
    assert send(api, hopper, portraits.grace_hopper.read_bytes())[0] == 404
