from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from events.models import Camera, Event, Outcome, Trigger
from faces.models import Person
from pipeline.vision.images import decode_image
from tests.conftest import Portraits
from tests.seeding import ASTRONAUT_BOX, HOPPER_BOX, add_capture, add_event, add_face


@pytest.fixture
def hopper(db: None) -> Person:
    return Person.objects.create(name="Grace Hopper")


@pytest.fixture
def visit(hopper: Person, portraits: Portraits, media: Path) -> Event:
    event = add_event(camera=Camera.objects.create(name="Front door"))
    add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, hopper, distance=0.25)
    return event


def text_of(browser: Client, path: str) -> str:
    response = browser.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_first_page_says_what_to_do_first(web: Client) -> None:
    text = text_of(web, "/")
    assert "Nobody has rung yet" in text
    assert "./doorbell run --source 0" in text
    assert 'href="/people/add/"' in text
    assert "./doorbell manage ring --wait 10" in text


def test_list_shows_who_came_with_a_small_picture(resident_web: Client, visit: Event) -> None:
    text = text_of(resident_web, "/")
    capture = visit.captures.get()
    for part in ("Grace Hopper", "Front door", "just now", ">known<", f"/captures/{capture.pk}/small.jpg", "Today"):
        assert part in text
    small = resident_web.get(f"/captures/{capture.pk}/small.jpg")
    assert decode_image(small.content).shape == (469, 400, 3)
    assert len(small.content) < 60_000


def test_list_is_filtered_and_keeps_the_choice(web: Client, visit: Event, hopper: Person) -> None:
    add_event(trigger=Trigger.MOTION, outcome=Outcome.NO_FACE)
    text = text_of(web, f"/?person={hopper.pk}&outcome=known&camera={visit.camera_id}&since=2020-01-01")
    assert text.count('class="visit"') == 1
    assert f'<option value="{hopper.pk}" selected>' in text
    assert "No such events" in text_of(web, "/?outcome=blocked")


def test_filter_that_cannot_be_used_shows_nothing_and_says_why(web: Client, visit: Event) -> None:
    text = text_of(web, "/?since=sometime")
    assert "is no time; use 2026-01-31" in text
    assert 'class="visit"' not in text


def test_days_of_a_filter_are_local_days(web: Client, settings: Settings, db: None) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    late = datetime(2026, 3, 1, 23, 30, tzinfo=ZoneInfo("Pacific/Auckland"))
    add_event(started_at=late)
    assert 'class="visit"' in text_of(web, "/?since=2026-03-01&until=2026-03-01")
    assert 'class="visit"' not in text_of(web, "/?since=2026-03-02")


def test_pages_lead_to_all_events_once(web: Client, db: None) -> None:
    now = timezone.now()
    made = [add_event(started_at=now - timedelta(minutes=number // 2)).pk for number in range(60)]
    seen: list[int] = []
    address: str | None = "/"
    while address:
        response = web.get(address)
        seen += [event.pk for event in response.context["page"].events]
        older = response.context["page"].older
        address = f"/?before={older}" if older else None
        assert len(seen) <= 60
    assert sorted(seen) == made
    back = web.get(f"/?after={response.context['page'].newer}")
    assert [event.pk for event in back.context["page"].events] == seen[24:48]


def test_cursor_that_makes_no_sense_gives_the_first_page(web: Client, visit: Event) -> None:
    for cursor in ("x", "2026-01-01_1", "2026-01-01T00:00:00+00:00_99999999999999999999", "%00"):
        assert 'class="visit"' in text_of(web, f"/?before={cursor}")


def test_more_events_take_no_more_queries(web: Client, visit: Event, portraits: Portraits) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            web.get("/")
        return len(queries)

    before = count_queries()
    for number in range(3):
        person = Person.objects.create(name=f"Person {number}")
        add_face(add_capture(add_event(), portraits.astronaut), ASTRONAUT_BOX, person)
    assert count_queries() == before <= 9


def test_event_page_boxes_and_names_faces_and_says_how_sure(web: Client, visit: Event, hopper: Person) -> None:
    visit.decided_at = visit.started_at + timedelta(milliseconds=312)
    visit.save()
    text = text_of(web, f"/events/{visit.pk}/")
    assert "Grace Hopper came to the door." in text
    assert '<rect class="known" x="35.16%" y="23.17%" width="36.33%" height="31.00%" rx="4"/>' in text
    assert "Very sure: distance 0.25, up to 0.60 counts as the same person." in text
    assert "decided in 312 ms" in text
    assert f'href="/people/{hopper.pk}/"' in text
    assert "http-equiv" not in text


def test_face_is_cut_out(web: Client, visit: Event) -> None:
    face = visit.captures.get().observations.get()
    picture = web.get(f"/faces/{face.pk}/face.jpg")
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert decode_image(picture.content).shape == (160, 160, 3)


def test_pending_event_looks_again_by_itself(web: Client, db: None) -> None:
    event = add_event(outcome=Outcome.PENDING, closed_at=None, settled_at=None)
    assert '<meta http-equiv="refresh" content="2">' in text_of(web, f"/events/{event.pk}/")
    event.started_at -= timedelta(hours=1)
    event.save()
    text = text_of(web, f"/events/{event.pk}/")
    assert "http-equiv" not in text
    assert "What is missing?" in text


def test_event_without_a_picture_says_why(web: Client, db: None) -> None:
    event = add_event(outcome=Outcome.NO_PICTURE, reason="No camera is set up.")
    text = text_of(web, f"/events/{event.pk}/")
    assert "There is no picture of this visit." in text
    assert "No camera is set up." in text


def test_name_with_markup_is_shown_as_text(web: Client, visit: Event, hopper: Person) -> None:
    Person.objects.filter(pk=hopper.pk).update(name="<img src=x onerror=alert(1)>")
    for path in ("/", f"/events/{visit.pk}/", f"/people/{hopper.pk}/", "/people/"):
        assert "<img src=x" not in text_of(web, path)


def test_picture_that_is_gone_is_not_found(web: Client, visit: Event) -> None:
    capture = visit.captures.get()
    capture.image.storage.delete(str(capture.image.name))
    for path in ("picture.jpg", "small.jpg"):
        assert web.get(f"/captures/{capture.pk}/{path}").status_code == 404


def test_event_that_is_not_there_is_not_found(web: Client, db: None) -> None:
    assert web.get("/events/999/").status_code == 404
    assert web.get(f"/events/{10**30}/").status_code == 404
