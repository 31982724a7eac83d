"""What was imported can be looked at: pages, administration and API of today take all of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from events.models import Capture, Event
from faces.models import Person
from migration.importing.run import Options, carry_out
from migration.importing.tables import Tables
from migration.legacy.tree import SourceTree
from migration.planning.values import Plan
from tests.migration.houses import Unpacked

Arrive = Callable[[Plan, Unpacked], None]


@pytest.fixture
def arrive(db: None, media: Any) -> Arrive:
    def run(plan: Plan, installation: Unpacked) -> None:
        carry_out(plan, SourceTree(installation.root), Tables.of(apps), Options()).close()

    return run


def pages() -> list[str]:
    lists = ["events", "people", "admin:events_event_changelist", "admin:events_capture_changelist"]
    lists += ["admin:faces_person_changelist", "admin:migration_reviewitem_changelist"]
    return [
        *(reverse(name) for name in lists),
        *(event.get_absolute_url() for event in Event.objects.all()),
        *(reverse("admin:events_event_change", args=[pk]) for pk in Event.objects.values_list("pk", flat=True)),
        *(reverse("person", args=[pk]) for pk in Person.objects.values_list("pk", flat=True)),
    ]


def test_every_page_of_the_real_installation_opens(
    arrive: Arrive, real_plan: Plan, real: Unpacked, web: Client
) -> None:
    arrive(real_plan, real)
    for page in pages():
        assert web.get(page).status_code == 200, page


def test_every_page_of_the_broken_installation_opens_and_escapes_its_names(
    arrive: Arrive, broken_plan: Plan, broken: Unpacked, web: Client
) -> None:
    arrive(broken_plan, broken)
    told = ""
    for page in pages():
        answer = web.get(page)
        assert answer.status_code == 200, page
        told += answer.content.decode()
    assert "<script>inf" not in told
    assert "<img src=x" not in told
    assert "{{7*7}}" in told, "template text is not rendered"


def test_the_api_tells_of_every_visit(arrive: Arrive, real_plan: Plan, real: Unpacked, api: APIClient) -> None:
    arrive(real_plan, real)
    seen, page = [], "/api/events/"
    while page:
        answer = api.get(page).json()
        seen += answer["results"]
        page = answer["next"]
    assert len(seen) == Event.objects.count()
    mixed = next(event for event in seen if event["started_at"].startswith("2025-09-22T14:20:00"))
    assert mixed["outcome"] == "unknown"
    assert {person["name"] for person in mixed["people"]} == {"grandpa_joe", "Sam Carter"}


def test_a_capture_without_a_picture_is_not_found_and_no_failure(
    arrive: Arrive, real_plan: Plan, real: Unpacked, api: APIClient, web: Client
) -> None:
    arrive(real_plan, real)
    for capture in Capture.objects.filter(image=""):
        assert api.get(f"/api/captures/{capture.pk}/").status_code == 200
        assert api.get(f"/api/captures/{capture.pk}/image/").status_code == 404


def test_pictures_of_old_visits_are_sent(arrive: Arrive, real_plan: Plan, real: Unpacked, api: APIClient) -> None:
    arrive(real_plan, real)
    capture = Capture.objects.exclude(image="").latest("taken_at")
    answer = api.get(f"/api/captures/{capture.pk}/image/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
