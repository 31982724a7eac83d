from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from events.models import Camera, Capture, Event, Outcome, Trigger
from tests.conftest import Portraits


def send(client: APIClient, data: bytes, name: str = "frame.jpg", **fields: str) -> tuple[int, dict[str, object]]:
    picture = SimpleUploadedFile(name, data, content_type="image/jpeg")
    response = client.post("/api/captures/", {"image": picture, **fields}, format="multipart")
    return response.status_code, response.json()


def test_ring_makes_an_event(resident_api: APIClient) -> None:
    response = resident_api.post("/api/ring/")
    event = Event.objects.get()
    assert response.status_code == 201
    assert response.json() == {"event": event.pk, "camera": None, "debounced": False}
    assert (event.trigger, event.outcome) == (Trigger.PRESS, Outcome.NO_PICTURE)


def test_second_ring_within_debounce_returns_the_same_event(api: APIClient) -> None:
    first = api.post("/api/ring/").json()
    second = api.post("/api/ring/")
    assert second.status_code == 201
    assert second.json() == {**first, "debounced": True}


@pytest.mark.parametrize("named", [lambda camera: "BACK door", lambda camera: camera.pk, lambda camera: str(camera.pk)])
def test_ring_takes_a_camera_by_name_or_id(api: APIClient, named: object) -> None:
    Camera.objects.create(name="Front door")
    camera = Camera.objects.create(name="Back door")
    response = api.post("/api/ring/", {"camera": named(camera)})  # type: ignore[operator]
    assert response.json()["camera"] == "Back door"


def test_ring_at_an_unknown_camera_makes_no_event(api: APIClient) -> None:
    response = api.post("/api/ring/", {"camera": "nowhere"})
    assert response.status_code == 400
    text = "there is no camera 'nowhere'; none is set up"
    assert response.json() == {"code": "unknown_camera", "detail": text, "field_errors": {"camera": [text]}}
    assert not Event.objects.exists()


@pytest.mark.parametrize("camera", [[], {"id": 1}, True])
def test_camera_of_a_wrong_type_is_refused(api: APIClient, camera: object) -> None:
    response = api.post("/api/ring/", {"camera": camera})
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert list(response.json()["field_errors"]) == ["camera"]


@pytest.mark.parametrize("body", ["{", "[" * 100_000, '"text"', "[1]", "nul"])
def test_body_that_is_no_json_object_is_refused(api: APIClient, body: str) -> None:
    response = api.post("/api/ring/", body, content_type="application/json")
    assert response.status_code == 400
    assert {"code", "detail"} <= set(response.json())
    assert not Event.objects.exists()


def test_ring_needs_a_sign_in(db: None) -> None:
    assert APIClient().post("/api/ring/").status_code == 401
    assert APIClient(HTTP_AUTHORIZATION="Token nonsense").post("/api/ring/").json()["code"] == "authentication_failed"
    assert not Event.objects.exists()


def test_ring_by_session_needs_the_csrf_token(resident_web: Client) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = resident_web.cookies
    response = browser.post("/api/ring/")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


def test_picture_becomes_an_event_of_its_own(resident_api: APIClient, portraits: Portraits, media: Path) -> None:
    camera = Camera.objects.create(name="Gate")
    status, body = send(resident_api, portraits.astronaut.read_bytes(), camera="gate")
    capture = Capture.objects.get()
    assert (status, body) == (202, {"event": capture.event_id, "capture": capture.pk})
    assert (capture.event.camera, capture.event.trigger) == (camera, Trigger.UPLOAD)
    assert resident_api.get(f"/api/captures/{capture.pk}/image/").content.startswith(b"\xff\xd8\xff")


def animated() -> bytes:
    file = BytesIO()
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"#!/bin/sh\nrm -rf /\n", "unreadable"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "unsupported"),
        (animated(), "animated"),
    ],
)
def test_what_is_no_picture_is_refused_by_name_and_leaves_nothing(
    api: APIClient, media: Path, data: bytes, code: str
) -> None:
    status, body = send(api, data)
    assert (status, body["code"], set(body)) == (422, code, {"code", "detail"})
    assert not Event.objects.exists()
    assert not list(media.rglob("*.jpg"))


def test_truncated_picture_is_refused(api: APIClient, portraits: Portraits, media: Path) -> None:
    assert send(api, portraits.grace_hopper.read_bytes()[:30_000])[1]["code"] == "truncated"


def test_picture_beyond_the_limits_is_refused(
    api: APIClient, portraits: Portraits, settings: Settings, media: Path
) -> None:
    settings.MAX_PICTURE_BYTES = 1000
    status, body = send(api, portraits.grace_hopper.read_bytes())
    assert (status, body["code"]) == (422, "too_large")
    settings.MAX_PICTURE_BYTES, settings.MAX_PICTURE_PIXELS = 10**7, 1000
    assert send(api, portraits.grace_hopper.read_bytes())[1]["code"] == "too_many_pixels"


def test_upload_without_a_file_says_so(api: APIClient) -> None:
    response = api.post("/api/captures/", {"camera": ""}, format="multipart")
    assert response.status_code == 400
    assert response.json() == {
        "code": "invalid",
        "detail": "image: No file was submitted.",
        "field_errors": {"image": ["No file was submitted."]},
    }


def test_upload_that_is_no_form_is_refused(api: APIClient) -> None:
    response = api.post("/api/captures/", {"image": "x"})
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_upload_to_an_unknown_camera_leaves_nothing(api: APIClient, portraits: Portraits, media: Path) -> None:
    status, body = send(api, portraits.astronaut.read_bytes(), camera="nowhere")
    assert (status, body["code"]) == (400, "unknown_camera")
    assert not Event.objects.exists()


def test_captures_are_not_listed(api: APIClient) -> None:
    assert api.get("/api/captures/").json()["code"] == "method_not_allowed"
