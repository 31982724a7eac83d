"""The old system's addresses: their shapes, who may use them, and what hostile clients get."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client
from django.urls import resolve
from rest_framework.test import APIClient

from events.broadcast import DECIDED, PRESSED, broadcast
from events.models import Camera, Event, FaceObservation, FaceStatus, Outcome
from events.notifications.channels import KINDS, create_channel
from faces.models import FaceSample, Person
from faces.people import create_person
from migration.compat import streams
from migration.compat.device_views import last_lines
from migration.compat.streams import QUALITIES, Quality, event_words, status_words, video_parts
from pipeline.capture import report_camera
from pipeline.hardware.frames import Frame
from pipeline.snapshots import NoSnapshot, SnapshotListener, take_snapshot
from pipeline.vision.images import decode_image
from tests.conftest import Portraits
from tests.seeding import ASTRONAUT_BOX, HOPPER_BOX, add_capture, add_event, add_face, add_plain_sample

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media"), pytest.mark.urls("tests.migration.legacy_site")]

GETS = [
    "/api/status",
    "/api/capture-photo",
    "/api/recent-events",
    "/api/logs",
    "/api/faces/known",
    "/api/faces/candidates",
    "/api/files/cropped/unknown/face_1.jpg",
    "/api/files/known_faces/sample_1.jpg",
    "/stream/events",
    "/stream/system-status",
    "/stream/video/me",
]
SMALL = Quality(160, 1000.0)
MARKUP = "<img src=x onerror=alert(1)>"
POSTS = [
    "/api/trigger-doorbell",
    "/api/test-face-recognition",
    "/api/set-led",
    "/api/test-notification",
    "/api/faces/known/upload",
    "/api/faces/known/add-from-camera",
    "/api/faces/label",
]


def strict_json(response: Any) -> Any:
    """Refuses Infinity and NaN, as every parser but Python's does."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(response.content, parse_constant=refuse)


def photo(path: Path) -> SimpleUploadedFile:
    return SimpleUploadedFile(path.name, path.read_bytes())


@pytest.fixture
def camera(db: None) -> Camera:
    return Camera.objects.create(name="front door", source="rtsp://never/opened")


@pytest.fixture
def at_the_door(broker: redis.Redis, camera: Camera, portraits: Portraits) -> Iterator[Camera]:
    """A live camera whose process sees the astronaut."""
    rgb = decode_image(portraits.astronaut.read_bytes())
    listener = SnapshotListener(camera, lambda: Frame.from_rgb(rgb, time_s=time.monotonic()))
    listener.start()
    report_camera(camera, "live")
    wait_until_it_answers(camera)
    yield camera
    listener.stop()


def wait_until_it_answers(camera: Camera) -> None:
    """Its thread is about to listen."""
    for _ in range(100):
        try:
            take_snapshot(camera, timeout_s=0.2)
        except NoSnapshot:
            continue
        return
    pytest.fail("the camera does not answer")


# --- Who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", GETS)
def test_strangers_read_nothing(address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 401
    assert strict_json(response)["status"] == "error"


@pytest.mark.parametrize("address", POSTS)
def test_strangers_do_nothing(address: str) -> None:
    response = Client().post(address, {}, content_type="application/json")
    assert response.status_code == 401
    assert not Event.objects.exists()


@pytest.mark.parametrize("address", POSTS)
def test_a_session_needs_the_csrf_token(address: str, owner: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    response = browser.post(address, {}, content_type="application/json")
    assert response.status_code == 403
    assert "CSRF" in strict_json(response)["message"]
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", "/api/faces/known/upload"),
        ("post", "/api/faces/known/add-from-camera"),
        ("delete", "/api/faces/known/Jon"),
        ("delete", "/api/faces/candidates/face_1.jpg"),
        ("post", "/api/faces/label"),
        ("post", "/api/test-notification"),
        ("get", "/api/logs"),
    ],
)
def test_residents_look_and_ring_but_change_nobody(method: str, address: str, resident_api: APIClient) -> None:
    assert getattr(resident_api, method)(address).status_code == 403


def test_the_addresses_are_there_only_when_they_are_asked_for() -> None:
    from doorbell_site.errors import NothingHere

    assert django_settings.LEGACY_API_ENABLED is False
    found = resolve("/api/status", urlconf="doorbell_site.urls").func
    assert found.view_class is NothingHere  # type: ignore[attr-defined]


def test_the_new_addresses_stay_what_they_are(api: APIClient) -> None:
    assert api.get("/api/events/").json()["results"] == []
    assert api.get("/api/nothing").json()["code"] == "not_found"


# --- The doorbell ---------------------------------------------------------------------------------------------------


def test_status_has_the_old_keys(api: APIClient) -> None:
    body = strict_json(api.get("/api/status"))
    assert set(body) == {"status", "timestamp", "camera", "gpio", "faces", "telegram"}
    assert body["status"] == "online"
    assert body["faces"] == {"known_faces": 0, "blacklist_faces": 0, "known_names": [], "blacklist_names": []}
    assert body["telegram"] == {"initialized": False}
    assert body["camera"]["initialized"] is False


def test_a_press_without_a_camera_is_an_error_that_says_why(api: APIClient) -> None:
    response = api.post("/api/trigger-doorbell")
    assert response.status_code == 503
    assert "No camera is set up" in strict_json(response)["message"]
    assert Event.objects.get().outcome == Outcome.NO_PICTURE


def test_a_press_that_a_camera_sees_is_a_success(api: APIClient, camera: Camera) -> None:
    report_camera(camera, "live")
    body = strict_json(api.post("/api/trigger-doorbell"))
    assert (body["status"], body["event_id"]) == ("success", Event.objects.get().pk)


def test_a_photo_is_a_real_picture_and_is_not_kept(api: APIClient, at_the_door: Camera, media: Path) -> None:
    body = strict_json(api.get("/api/capture-photo"))
    assert body["status"] == "success"
    kind, _, data = body["image_data"].partition(",")
    assert kind == "data:image/jpeg;base64"
    assert decode_image(base64.b64decode(data)).shape == (512, 512, 3)
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_no_photo_is_the_old_error(api: APIClient, camera: Camera) -> None:
    response = api.get("/api/capture-photo")
    assert response.status_code == 200
    assert strict_json(response)["status"] == "error"


def test_recognition_tells_of_strangers_in_valid_json(api: APIClient, at_the_door: Camera) -> None:
    body = strict_json(api.post("/api/test-face-recognition"))
    assert body["faces_detected"] == len(body["results"]) >= 1
    assert body["results"][0] == {"face_id": 1, "status": "unknown", "name": None, "confidence": 0.0, "distance": None}
    assert not Event.objects.exists()


def test_the_light_that_is_not_there_is_an_error(api: APIClient) -> None:
    response = api.post("/api/set-led", {"status": "alert"})
    assert response.status_code == 503
    assert strict_json(response)["message"].startswith("no status light is there")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """What a light was asked for."""
    wishes: list[tuple[str, float]] = []

    def ask_light(pattern: str, seconds: float) -> bool:
        wishes.append((str(pattern), seconds))
        return True

    monkeypatch.setattr("migration.compat.device_views.ask_light", ask_light)
    return wishes


def test_the_light_is_asked_as_the_old_program_asked_it(api: APIClient, asked: list[tuple[str, float]]) -> None:
    assert strict_json(api.post("/api/set-led", {"status": "alert", "duration": 5}))["led_status"] == "alert"
    assert strict_json(api.post("/api/set-led", {}))["led_status"] == "idle"
    assert strict_json(api.post("/api/set-led", {"status": "disco"}))["status"] == "success"
    assert asked == [("alert", 5.0), ("idle", 86400.0), ("off", 86400.0)]


@pytest.mark.parametrize(
    "sent",
    [
        {"status": 5},
        {"status": ["alert"]},
        {"status": {"a": 1}},
        {"status": "x" * 5000},
        {"duration": "5"},
        {"duration": -1},
        {"duration": True},
        {"duration": 1e99},
        ["alert"],
        "alert",
        5,
    ],
)
def test_wrong_types_are_refused(api: APIClient, asked: list[tuple[str, float]], sent: Any) -> None:
    response = api.post("/api/set-led", sent, format="json")
    assert response.status_code == 400
    assert strict_json(response)["status"] == "error"
    assert asked == []


@pytest.mark.parametrize("body", [b"{", b'{"duration": Infinity}', b'{"duration": NaN}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_is_refused(api: APIClient, asked: list[tuple[str, float]], body: bytes) -> None:
    response = api.post("/api/set-led", data=body, content_type="application/json")
    assert response.status_code == 400
    assert asked == []


def test_a_message_goes_by_the_channels(api: APIClient) -> None:
    assert strict_json(api.post("/api/test-notification", {"message": "hello"}))["status"] == "error"
    create_channel("Log", KINDS["log"], {})
    body = strict_json(api.post("/api/test-notification", {"message": "<b>hello</b>", "priority": "urgent"}))
    assert (body["status"], body["message"]) == ("success", "The message was sent.")


def test_recent_events_are_the_old_lines_oldest_first(api: APIClient, portraits: Portraits) -> None:
    capture = add_capture(add_event(outcome=Outcome.KNOWN), portraits.grace_hopper)
    add_face(capture, HOPPER_BOX, create_person("Grace Hopper"))
    add_face(add_capture(add_event(outcome=Outcome.UNKNOWN), portraits.astronaut), ASTRONAUT_BOX)
    add_event(outcome=Outcome.NO_PICTURE)
    add_event(outcome=Outcome.PENDING)
    events = strict_json(api.get("/api/recent-events"))["events"]
    assert [each["event_type"] for each in events] == ["KNOWN_VISITOR", "UNKNOWN_VISITOR", "CAPTURE_FAILURE"]
    assert set(events[0]) == {"timestamp", "event_type", "faces", "capture_path"}
    assert events[0]["faces"][0]["name"] == "Grace Hopper"
    assert events[1]["faces"] == [{"status": "unknown", "name": None, "confidence": 0.0, "distance": None}]
    assert events[2]["capture_path"] is None
    assert api.get(events[0]["capture_path"]).status_code == 200


def test_the_log_is_its_last_lines(api: APIClient, tmp_path: Path) -> None:
    assert isinstance(strict_json(api.get("/api/logs"))["logs"], list)
    log = tmp_path / "doorbell.log"
    log.write_text("".join(f"line {number} {'x' * 500}\n" for number in range(1000)))
    lines = last_lines(log, 50)
    assert (len(lines), lines[-1][:9], lines[0][:9]) == (50, "line 999 ", "line 950 ")
    assert last_lines(tmp_path / "absent.log", 50) == []


# --- Faces ----------------------------------------------------------------------------------------------------------


def test_a_face_is_uploaded_listed_shown_and_deleted(api: APIClient, portraits: Portraits) -> None:
    sent = {"name": "O'Brien, José 李", "file": photo(portraits.astronaut)}
    body = strict_json(api.post("/api/faces/known/upload", sent, format="multipart"))
    assert (body["status"], body["name"]) == ("success", "O'Brien, José 李")
    (face,) = strict_json(api.get("/api/faces/known"))["faces"]
    assert face["name"] == "O'Brien, José 李"
    picture = api.get(face["image_url"])
    assert picture["Content-Type"] == "image/jpeg"
    assert decode_image(picture.content).shape[2] == 3
    assert strict_json(api.delete("/api/faces/known/O'Brien, José 李"))["status"] == "success"
    assert not Person.objects.exists()
    assert api.get(face["image_url"]).status_code == 404
    assert api.delete("/api/faces/known/O'Brien, José 李").status_code == 404


def test_a_face_is_added_from_the_camera(api: APIClient, at_the_door: Camera) -> None:
    body = strict_json(api.post("/api/faces/known/add-from-camera", {"name": "Eileen"}))
    assert (body["status"], body["name"]) == ("success", "Eileen")
    assert FaceSample.objects.get().person.name == "Eileen"


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "../../etc/passwd", "a\x00b", "x" * 2000, " ", "\u202egnp"]
)
def test_markup_and_paths_are_no_names(api: APIClient, portraits: Portraits, name: str) -> None:
    sent = {"name": name, "file": photo(portraits.astronaut)}
    response = api.post("/api/faces/known/upload", sent, format="multipart")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/json"
    assert not Person.objects.exists()


def test_an_upload_says_what_is_missing(api: APIClient, portraits: Portraits) -> None:
    def message(sent: dict[str, Any]) -> str:
        response = api.post("/api/faces/known/upload", sent, format="multipart")
        assert response.status_code == 400
        return str(strict_json(response)["message"])

    assert message({"file": photo(portraits.astronaut)}) == "name is missing"
    assert message({"name": "Jon"}) == "file is missing"
    assert message({"name": "Jon", "file": SimpleUploadedFile("a.jpg", b"<html>")}).startswith("this is not a picture")
    assert message({"name": "Jon", "file": SimpleUploadedFile("a.jpg", b"")}) != ""
    assert not Person.objects.exists()


@pytest.mark.parametrize("sent", [{"name": 5}, {"name": ["Jon"]}, {"name": None}, {}, ["Jon"]])
def test_a_name_of_the_wrong_type_is_refused(api: APIClient, at_the_door: Camera, sent: Any) -> None:
    assert api.post("/api/faces/known/add-from-camera", sent, format="json").status_code == 400
    assert not Person.objects.exists()


def test_strangers_are_listed_named_and_gone_from_the_list(api: APIClient, portraits: Portraits) -> None:
    capture = add_capture(add_event(outcome=Outcome.UNKNOWN), portraits.astronaut)
    face = add_face(capture, ASTRONAUT_BOX)
    (item,) = strict_json(api.get("/api/faces/candidates"))["items"]
    assert item["filename"] == f"face_{face.pk}.jpg"
    assert decode_image(api.get(item["path"]).content).shape == (220, 220, 3)
    body = strict_json(api.post("/api/faces/label", {"filename": item["filename"], "name": "Eileen"}))
    assert (body["status"], body["name"]) == ("success", "Eileen")
    assert strict_json(api.get("/api/faces/candidates"))["items"] == []
    face.refresh_from_db()
    assert (face.status, face.person) == (FaceStatus.KNOWN, Person.objects.get())
    assert FaceSample.objects.get().person.name == "Eileen"
    assert api.post("/api/faces/label", {"filename": item["filename"], "name": "Eileen"}).status_code == 404


def test_a_stranger_is_forgotten_and_the_visit_stays(api: APIClient, portraits: Portraits) -> None:
    face = add_face(add_capture(add_event(), portraits.astronaut), ASTRONAUT_BOX)
    assert strict_json(api.delete(f"/api/faces/candidates/face_{face.pk}.jpg"))["status"] == "success"
    assert not FaceObservation.objects.exists()
    assert Event.objects.get().captures.count() == 1
    assert api.delete(f"/api/faces/candidates/face_{face.pk}.jpg").status_code == 404


def test_nobody_on_the_watch_list_becomes_known_by_a_label(api: APIClient, portraits: Portraits) -> None:
    create_person("Mallory", is_blocked=True)
    face = add_face(add_capture(add_event(), portraits.astronaut), ASTRONAUT_BOX)
    response = api.post("/api/faces/label", {"filename": f"face_{face.pk}.jpg", "name": "mallory"})
    assert response.status_code == 400
    assert api.delete("/api/faces/known/Mallory").status_code == 404
    assert not FaceSample.objects.exists()


TRICKS = [
    "../../secrets/secret_key",
    "..%2f..%2fsecrets%2fsecret_key",
    "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "..\\..\\doorbell.sqlite3",
    "face_1.jpg/../../../etc/passwd",
    "face_1.jpg%00.png",
    "sample_1.jpg%0a",
    "face_99999999999999999999999999.jpg",
    "face_٣.jpg",
    "face_-1.jpg",
]


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize(
    "folder", ["/api/files/cropped/unknown/", "/api/files/cropped/known/", "/api/files/known_faces/"]
)
def test_no_path_leads_to_a_file(web: Client, portraits: Portraits, folder: str, trick: str) -> None:
    add_face(add_capture(add_event(), portraits.astronaut), ASTRONAUT_BOX)
    add_plain_sample(create_person("Grace"), portraits.grace_hopper, HOPPER_BOX)
    response = web.get(f"/api/files/{folder}/{trick}")
    assert response.status_code in (400, 404)
    assert b"root:" not in response.content
    assert response["Content-Type"].startswith(("application/json", "text/html"))


@pytest.mark.parametrize("trick", TRICKS)
def test_no_path_is_a_candidate(api: APIClient, portraits: Portraits, trick: str) -> None:
    add_face(add_capture(add_event(), portraits.astronaut), ASTRONAUT_BOX)
    assert api.delete(f"/api/faces/candidates/{trick}").status_code in (400, 404)
    assert api.post("/api/faces/label", {"filename": trick, "name": "Jon"}).status_code == 404
    assert FaceObservation.objects.count() == 1
    assert not Person.objects.exists()


def test_a_category_is_one_of_two(api: APIClient) -> None:
    assert api.get("/api/files/cropped/secrets/face_1.jpg").status_code == 400


def test_the_watch_lists_pictures_are_not_among_the_known(api: APIClient, portraits: Portraits) -> None:
    sample = add_plain_sample(create_person("Mallory", is_blocked=True), portraits.grace_hopper, HOPPER_BOX)
    assert strict_json(api.get("/api/faces/known"))["faces"] == []
    assert api.get(f"/api/files/known_faces/sample_{sample.pk}.jpg").status_code == 404


# --- Streams --------------------------------------------------------------------------------------------------------


def words_of(chunks: list[bytes]) -> list[dict[str, Any]]:
    return [
        json.loads(line[6:]) for chunk in chunks for line in chunk.decode().splitlines() if line.startswith("data: ")
    ]


async def take(stream: AsyncGenerator[bytes], count: int, *, after_first: Any = None) -> list[bytes]:
    taken: list[bytes] = []
    async for chunk in stream:
        taken.append(chunk)
        if len(taken) == 1 and after_first is not None:
            after_first()
        if len(taken) == count:
            break
    await stream.aclose()
    return taken


def test_visits_are_streamed_as_they_come(broker: redis.Redis, portraits: Portraits) -> None:
    event = add_event(outcome=Outcome.KNOWN)
    add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, create_person("Grace"))

    def happen() -> None:
        broadcast(PRESSED, event=event.pk, camera=None)
        broadcast(DECIDED, event=event.pk, outcome="known")

    connected, pressed, decided = words_of(async_to_sync(take)(event_words(), 3, after_first=happen))
    assert connected["type"] == "connected"
    assert (pressed["type"], pressed["data"]["event_id"]) == ("doorbell_pressed", event.pk)
    assert (decided["type"], decided["data"]["event_type"]) == ("event_processed", "KNOWN_VISITOR")
    assert decided["data"]["faces"][0]["status"] == "known"
    assert broker.pubsub_channels() == []


def test_in_silence_a_heart_beats_and_the_stream_ends_in_time(broker: redis.Redis) -> None:
    words = words_of(async_to_sync(take)(event_words(lifetime_s=0.2, heartbeat_s=0.05), 99))
    assert [word["type"] for word in words][:2] == ["connected", "heartbeat"]
    assert {word["type"] for word in words[1:]} == {"heartbeat"}


def test_the_status_is_streamed(broker: redis.Redis) -> None:
    words = words_of(async_to_sync(take)(status_words(lambda: {"status": "online"}, every_s=0.01), 3))
    assert [word["type"] for word in words] == ["status_connected", "system_status", "system_status"]
    assert words[1]["data"] == {"status": "online"}


def test_the_camera_is_streamed_as_jpegs(at_the_door: Camera) -> None:
    parts = async_to_sync(take)(video_parts(at_the_door.pk, SMALL), 3)
    assert len(parts) == 3
    head, _, jpeg = parts[0].partition(b"\r\n\r\n")
    assert head.startswith(b"--frame\r\nContent-Type: image/jpeg")
    assert decode_image(jpeg.removesuffix(b"\r\n")).shape == (160, 160, 3)


def test_a_camera_that_does_not_answer_ends_its_stream(broker: redis.Redis) -> None:
    assert async_to_sync(take)(video_parts(1, QUALITIES["low"], frame_within_s=0.05), 1) == []


@pytest.fixture
def full() -> Iterator[None]:
    streams.open_streams._count = streams.OPEN_MAX
    yield
    streams.open_streams._count = 0


@pytest.mark.usefixtures("full")
def test_one_stream_too_many_is_refused(owner: User) -> None:
    response = ask_for_stream(owner, "/stream/events")
    assert response.status_code == 503
    assert strict_json(response)["message"].startswith("too many clients listen already")


def test_a_stream_is_one_for_browsers(owner: User) -> None:
    response = ask_for_stream(owner, "/stream/events?client_id=1")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-store"


def test_a_video_needs_a_camera_that_runs(owner: User, camera: Camera) -> None:
    response = ask_for_stream(owner, "/stream/video/me?quality=low")
    assert response.status_code == 503
    assert ask_for_stream(owner, "/stream/video/me?quality=best").status_code == 400
    report_camera(camera, "live")
    live = ask_for_stream(owner, "/stream/video/<script>")
    assert live["Content-Type"] == "multipart/x-mixed-replace; boundary=frame"


def test_a_stream_is_not_opened_for_its_headers(api: APIClient) -> None:
    assert api.head("/stream/events").status_code == 405


def test_without_an_asgi_server_a_stream_names_what_to_use(api: APIClient) -> None:
    response = api.get("/stream/events")
    assert response.status_code == 501
    assert "ask /api/events/" in strict_json(response)["message"]


def ask_for_stream(user: User, address: str) -> Any:
    """As a browser asks an ASGI server; what follows the headers is not read."""
    browser = AsyncClient()
    browser.force_login(user)
    return async_to_sync(browser.get)(address, headers={"Accept": "text/event-stream"})
