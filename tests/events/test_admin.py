from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.models import Camera, Capture, Event
from faces.models import Person
from tests.conftest import Portraits
from tests.seeding import HOPPER_BOX, add_capture, add_event, add_face


@pytest.fixture
def visit(db: None, media: Path, portraits: Portraits) -> Event:
    event = add_event(camera=Camera.objects.create(name="Front door"))
    add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, Person.objects.create(name="Grace Hopper"))
    return event


def text_of(browser: Client, path: str) -> str:
    response = browser.get(f"/admin/events/{path}")
    assert response.status_code == 200, path
    return response.content.decode()


def test_events_are_browsed_with_pictures(web: Client, visit: Event) -> None:
    capture = visit.captures.get()
    listed = text_of(web, "event/")
    assert f"/captures/{capture.pk}/small.jpg" in listed
    assert "Grace Hopper" in listed
    page = text_of(web, f"event/{visit.pk}/change/")
    assert '<rect class="known"' in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("query", ["q=hopper", "outcome__exact=known", "trigger__exact=press", "q=front"])
def test_events_are_searched_and_filtered(web: Client, visit: Event, query: str) -> None:
    add_event(outcome="no_face", trigger="motion")
    assert "1 event" in text_of(web, f"event/?{query}")


def test_captures_are_browsed_and_not_changed(web: Client, visit: Event) -> None:
    capture = visit.captures.get()
    assert "Grace Hopper" in text_of(web, "capture/")
    page = text_of(web, f"capture/{capture.pk}/change/")
    assert '<rect class="known"' in page
    assert 'name="_save"' not in page
    for path in ("event/add/", "capture/add/", f"capture/{capture.pk}/delete/"):
        assert web.get(f"/admin/events/{path}").status_code == 403


def test_lists_take_no_more_queries_for_more_rows(web: Client, visit: Event, portraits: Portraits) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            text_of(web, "event/")
            text_of(web, "capture/")
        return len(queries)

    before = count_queries()
    for number in range(3):
        person = Person.objects.create(name=f"Person {number}")
        add_face(add_capture(add_event(), portraits.grace_hopper), HOPPER_BOX, person)
    assert count_queries() == before


@pytest.mark.parametrize("way", ["page", "action"])
@pytest.mark.django_db(transaction=True)
def test_deleted_event_leaves_no_picture(web: Client, portraits: Portraits, media: Path, way: str) -> None:
    event = add_event()
    add_capture(event, portraits.grace_hopper)
    if way == "page":
        web.post(f"/admin/events/event/{event.pk}/delete/", {"post": "yes"})
    else:
        sent = {"action": "delete_selected", "_selected_action": [str(event.pk)], "post": "yes"}
        web.post("/admin/events/event/", sent)
    assert not Event.objects.exists()
    assert not Capture.objects.exists()
    assert not list(media.rglob("*.jpg"))


def test_password_of_a_camera_is_not_listed(web: Client, db: None) -> None:
    Camera.objects.create(name="Gate", source="rtsp://admin:secret@10.0.0.5/stream")
    listed = text_of(web, "camera/")
    assert "rtsp://***@10.0.0.5/stream" in listed
    assert "secret" not in listed


def test_camera_is_added_and_its_address_judged(web: Client, db: None) -> None:
    fields = {"name": "Gate", "source": "rtps://door", "is_enabled": "on", "min_face_px": "64"}
    refused = web.post("/admin/events/camera/add/", fields).content.decode()
    assert "rtps://door" in refused
    assert not Camera.objects.exists()
    web.post("/admin/events/camera/add/", {**fields, "source": "rtsp://door/stream"})
    assert Camera.objects.get().source == "rtsp://door/stream"
    assert "cannot contain" in web.post("/admin/events/camera/add/", {**fields, "name": "<b>"}).content.decode()
