"""The review list, the imports and the old names in the administration."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from faces.models import Person
from faces.people import create_person
from migration.models import ImportRun, PersonAlias, ReviewItem, ReviewStatus, UnresolvedName
from tests.conftest import Portraits
from tests.migration.conftest import Make
from tests.seeding import HOPPER_BOX, add_capture, add_event, add_face

LIST = "/admin/migration/reviewitem/"


def test_the_list_shows_what_waits_with_its_picture_and_buttons(web: Client, make: Make) -> None:
    item = make(source="data/known_faces/<img src=x onerror=alert(1)>.jpeg", name="jon")
    page = web.get(LIST).content.decode()
    assert reverse("admin:migration_reviewitem_picture", args=[item.pk]) in page
    assert f'formaction="{LIST}{item.pk}/accept/"' in page
    assert f'formaction="{LIST}{item.pk}/discard/"' in page
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_picture_is_sent_to_who_may_see_it(web: Client, make: Make) -> None:
    url = reverse("admin:migration_reviewitem_picture", args=[make().pk])
    answer = web.get(url)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert Client().get(url).status_code == 302


def test_one_click_accepts(web: Client, make: Make) -> None:
    answer = web.post(f"{LIST}{make().pk}/accept/", follow=True)
    assert "1 accepted." in answer.content.decode()
    assert Person.objects.get().name == "jon"
    assert ReviewItem.objects.get().status == ReviewStatus.ACCEPTED


def test_one_click_discards(web: Client, make: Make) -> None:
    answer = web.post(f"{LIST}{make().pk}/discard/", follow=True)
    assert "1 discarded." in answer.content.decode()
    assert not Person.objects.exists()


def test_looking_changes_nothing(web: Client, make: Make) -> None:
    assert web.get(f"{LIST}{make().pk}/accept/").status_code == 405
    assert ReviewItem.objects.get().status == ReviewStatus.OPEN


def test_a_click_from_elsewhere_is_refused(owner: User, make: Make) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    assert browser.post(f"{LIST}{make().pk}/accept/").status_code == 403


def test_many_are_settled_at_once_and_what_fails_is_said(web: Client, make: Make) -> None:
    items = [make(name="jon"), make(name=""), make(name="Ann")]
    action = {"action": "accept_items", "_selected_action": [item.pk for item in items]}
    page = web.post(LIST, action, follow=True).content.decode()
    assert "2 accepted." in page
    assert "is not a name; use at least one letter" in page
    assert set(Person.objects.values_list("name", flat=True)) == {"jon", "Ann"}


def test_a_name_can_be_written_before_it_is_accepted(web: Client, make: Make) -> None:
    item = make(name="")
    web.post(f"{LIST}{item.pk}/change/", {"name": "Ann", "is_blocked": ""})
    web.post(f"{LIST}{item.pk}/accept/")
    assert Person.objects.get().name == "Ann"


def test_settled_items_leave_the_list_and_can_be_looked_up(web: Client, make: Make) -> None:
    web.post(f"{LIST}{make(source='data/known_faces/settled.jpeg').pk}/discard/")
    assert "settled.jpeg" not in web.get(LIST).content.decode()
    page = web.get(f"{LIST}?status=discarded").content.decode()
    assert "settled.jpeg" in page
    assert "formaction" not in page


def test_a_resident_may_not_decide(resident_web: Client, make: Make) -> None:
    assert resident_web.post(f"{LIST}{make().pk}/accept/").status_code in (302, 403)
    assert not Person.objects.exists()


def test_staff_without_the_permission_may_not_decide(resident: User, make: Make) -> None:
    resident.is_staff = True
    resident.save()
    browser = Client()
    browser.force_login(resident)
    assert browser.post(f"{LIST}{make().pk}/accept/").status_code == 403
    assert not Person.objects.exists()


@pytest.mark.parametrize("path", ["importrun", "personalias", "reviewitem"])
def test_empty_lists_open(web: Client, path: str) -> None:
    assert web.get(f"/admin/migration/{path}/").status_code == 200


def test_an_import_shows_its_counts_and_notes(web: Client) -> None:
    run = ImportRun.objects.create(
        origin="command",
        source="/home/pi/Doorbell-System",
        timezone="Europe/Berlin",
        counts={"visit": {"imported": 13}},
        notes={"notes": ["data/<b>.jpg: skipped: no face is found in it"]},
    )
    page = web.get(f"/admin/migration/importrun/{run.pk}/change/").content.decode()
    assert "visit: 13 imported" in page
    assert "data/&lt;b&gt;.jpg: skipped" in page


def test_an_old_name_written_by_the_owner_gives_the_person_old_visits(
    web: Client, portraits: Portraits, media: Any
) -> None:
    bob = create_person("Bob Builder")
    face = add_face(add_capture(add_event(), portraits.grace_hopper), HOPPER_BOX)
    UnresolvedName.objects.create(observation=face, name="bob", key="bob")
    page = web.post("/admin/migration/personalias/add/", {"name": " Bob ", "person": bob.pk}, follow=True)
    assert "1 faces of old visits are now Bob Builder." in page.content.decode()
    face.refresh_from_db()
    assert face.person == bob


def test_an_old_name_leads_to_one_person(web: Client) -> None:
    PersonAlias.objects.create(person=create_person("Ann"), name="bob", key="bob")
    other = create_person("Other")
    page = web.post("/admin/migration/personalias/add/", {"name": "BOB", "person": other.pk})
    assert "This old name leads to Ann already; change it there." in page.content.decode()
    assert PersonAlias.objects.count() == 1
