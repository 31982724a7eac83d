from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from events.models import Camera, Capture, Event, Outcome, Trigger
from faces.models import Person
from pipeline.vision.geometry import Box
from pipeline.vision.images import decode_image
from tests.conftest import Portraits
from tests.seeding import ASTRONAUT_BOX, HOPPER_BOX, add_capture, add_event, add_face


@pytest.fixture
def hopper(db: None) -> Person:
    return Person.objects.create(name="Grace Hopper")


@pytest.fixture
def visit(hopper: Person, portraits: Portraits, media: Path) -> Event:
    camera = Camera.objects.create(name="Front door")
    started_at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    event = add_event(
        camera=camera,
        outcome=Outcome.UNKNOWN,
        started_at=started_at,
        decided_at=started_at + timedelta(milliseconds=412),
        reason="One face is nobody enrolled.",
    )
    add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, hopper, distance=0.4)
    second = add_capture(event, portraits.grace_hopper, taken_at=started_at + timedelta(seconds=1))
    add_face(second, HOPPER_BOX, hopper, distance=0.25)
    add_face(second, Box(10, 60, 60, 10), track=2)
    return event


def ids(client: APIClient, **query: str) -> list[int]:
    response = client.get("/api/events/?" + urlencode(query))
    assert response.status_code == 200, response.json()
    return [event["id"] for event in response.json()["results"]]


def test_event_says_who_came_with_the_nearest_distance(api: APIClient, visit: Event, hopper: Person) -> None:
    body = api.get(f"/api/events/{visit.pk}/").json()
    assert list(body) == [
        "id",
        "camera",
        "trigger",
        "started_at",
        "outcome",
        "reason",
        "people",
        "captures",
        "decided_ms",
    ]
    assert body["people"] == [{"id": hopper.pk, "name": "Grace Hopper", "is_blocked": False, "distance": 0.25}]
    assert (body["camera"], body["trigger"], body["outcome"]) == ("Front door", "press", "unknown")
    assert (body["started_at"], body["decided_ms"]) == ("2026-03-01T12:00:00Z", 412)
    assert body["reason"] == "One face is nobody enrolled."


def test_capture_in_an_event_has_its_faces(api: APIClient, visit: Event, hopper: Person) -> None:
    second = api.get(f"/api/events/{visit.pk}/").json()["captures"][1]
    assert (second["status"], second["width"], second["height"]) == ("done", 512, 600)
    stranger, known = second["observations"]
    assert known["box"] == {"top": 139, "right": 366, "bottom": 325, "left": 180}
    assert (known["person"], known["name"], known["status"]) == (hopper.pk, "Grace Hopper", "known")
    assert (stranger["person"], stranger["name"], stranger["status"]) == (None, None, "unknown")
    assert (stranger["distance"], stranger["quality"]) == (None, 0.8)


def test_capture_is_answered_alone_and_as_jpeg(api: APIClient, visit: Event) -> None:
    capture = Capture.objects.filter(event=visit).latest("id")
    body = api.get(f"/api/captures/{capture.pk}/").json()
    assert body["event"] == visit.pk
    assert body["image"] == f"http://testserver/api/captures/{capture.pk}/image/"
    image = api.get(body["image"])
    assert image.headers["Content-Type"] == "image/jpeg"
    assert image.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in image.headers["Cache-Control"]
    assert decode_image(image.content).shape == (600, 512, 3)


def test_picture_needs_a_sign_in(visit: Event) -> None:
    capture = Capture.objects.filter(event=visit).latest("id")
    refused = APIClient().get(f"/api/captures/{capture.pk}/image/")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Token"
    assert refused.json() == {
        "code": "not_authenticated",
        "detail": "Authentication credentials were not provided.",
    }


def test_picture_whose_file_is_gone_is_not_found(api: APIClient, visit: Event) -> None:
    capture = Capture.objects.filter(event=visit).latest("id")
    capture.image.delete(save=False)
    Capture.objects.filter(pk=capture.pk).update(image="captures/gone.jpg")
    response = api.get(f"/api/captures/{capture.pk}/image/")
    assert response.status_code == 404
    assert response.json() == {"code": "not_found", "detail": "The picture's file is gone."}


def test_browser_that_has_a_picture_is_not_sent_it_again(api: APIClient, visit: Event) -> None:
    url = f"/api/captures/{Capture.objects.filter(event=visit).latest('id').pk}/image/"
    etag = api.get(url).headers["ETag"]
    again = api.get(url, HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again.content) == (304, b"")


def test_events_come_newest_first(api: APIClient, visit: Event) -> None:
    newer = add_event(started_at=visit.started_at + timedelta(hours=1))
    assert ids(api) == [newer.pk, visit.pk]


def test_events_are_filtered(api: APIClient, visit: Event, hopper: Person) -> None:
    other = add_event(trigger=Trigger.MOTION, outcome=Outcome.NO_FACE)
    assert ids(api, camera="front DOOR") == ids(api, camera=str(visit.camera_id)) == [visit.pk]
    assert ids(api, trigger="motion") == ids(api, outcome="no_face") == [other.pk]
    assert ids(api, person=str(hopper.pk)) == ids(api, person="grace hopper") == [visit.pk]
    assert ids(api, until="2026-03-01") == ids(api, until="2026-03-01T12:00:00Z") == [visit.pk]
    assert ids(api, since="2026-03-01T12:00:01+00:00") == ids(api, since="2026-03-02") == [other.pk]
    assert ids(api, since="2026-03-01T13:00:00+01:00", until="2026-03-01T13:00:00+01:00") == [visit.pk]


def test_person_seen_twice_in_an_event_lists_it_once(api: APIClient, visit: Event, hopper: Person) -> None:
    assert ids(api, person=str(hopper.pk)) == [visit.pk]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=yesterday", "since"),
        ("since=2026-02-30", "since"),
        ("until=0001-01-01T00:00:00%2B14:00", "until"),
        ("trigger=knock", "trigger"),
        ("outcome=1", "outcome"),
        ("camera=nowhere", "camera"),
        ("person=99999999999999999999999999", "person"),
        ("person=%00", "person"),
    ],
)
def test_filter_that_cannot_be_used_is_refused_by_name(api: APIClient, query: str, field: str) -> None:
    response = api.get(f"/api/events/?{query}")
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert list(response.json()["field_errors"]) == [field]


def test_events_are_paged(api: APIClient, db: None) -> None:
    for _ in range(3):
        add_event()
    first = api.get("/api/events/?page_size=2").json()
    assert (first["count"], len(first["results"]), first["previous"]) == (3, 2, None)
    assert len(api.get(first["next"]).json()["results"]) == 1
    assert api.get("/api/events/?page=9").status_code == 404


def test_more_events_take_no_more_queries(api: APIClient, visit: Event, hopper: Person, portraits: Portraits) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert api.get("/api/events/").status_code == 200
        return len(queries)

    before = count_queries()
    for _ in range(3):
        add_face(add_capture(add_event(), portraits.astronaut), ASTRONAUT_BOX, Person.objects.create(name=str(_)))
    assert count_queries() == before


@pytest.mark.parametrize("path", ["events/999/", "captures/999/", "captures/999/image/", f"events/{10**30}/"])
def test_unknown_id_is_not_found(api: APIClient, path: str) -> None:
    response = api.get(f"/api/{path}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_events_cannot_be_written(api: APIClient, visit: Event) -> None:
    assert api.post("/api/events/", {}).status_code == 405
    refused = api.delete(f"/api/events/{visit.pk}/")
    assert refused.status_code == 405
    assert refused.json()["code"] == "method_not_allowed"


def test_session_serves_as_well_as_a_token(resident_web: Client, db: None) -> None:
    add_event(started_at=timezone.now())
    assert resident_web.get("/api/events/").json()["count"] == 1
