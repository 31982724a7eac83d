from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from pytest_django import Settings

from doorbell_site import running
from doorbell_site.running import RunPlan, follow_rows, tell_cameras, tell_where_to_look, watch_for_button
from events.models import Camera
from pipeline import web_address
from pipeline.orchestrator import PipelineOrchestrator, SystemPlan
from pipeline.processes import CameraPlan

pytestmark = pytest.mark.django_db
EVERYWHERE = "0.0.0.0"  # noqa: S104


def said(tell: Callable[..., None], *words: object) -> list[str]:
    lines: list[str] = []
    tell(*words, lambda text: lines.extend(text.splitlines()))
    return lines


def test_the_first_run_gives_the_link_to_the_owners_account() -> None:
    lines = said(tell_where_to_look, RunPlan(port=8001))
    assert lines[:2] == [
        "Open http://127.0.0.1:8001/",
        "Nobody has an account yet. This link makes the owner's; it works once:",
    ]
    assert lines[2].startswith("http://127.0.0.1:8001/first-owner/")


@pytest.mark.usefixtures("resident")
def test_later_runs_give_no_link() -> None:
    assert User.objects.exists()
    assert said(tell_where_to_look, RunPlan()) == ["Open http://127.0.0.1:8000/"]


def test_link_works_on_another_device_when_the_network_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_address, "lan_addresses", lambda: ["192.0.2.7"])
    lines = said(tell_where_to_look, RunPlan(host=EVERYWHERE))
    assert lines[1] == "  or http://192.0.2.7:8000/ on another device"
    assert lines[-1].startswith("http://192.0.2.7:8000/first-owner/")


def test_without_a_camera_the_run_says_how_to_add_one() -> None:
    lines = said(tell_cameras, PipelineOrchestrator(SystemPlan()), RunPlan())
    assert lines[0] == "No camera was found; the doorbell runs without one."
    assert "http://127.0.0.1:8000/admin/events/camera/add/" in lines[1]
    assert "./doorbell run --source visit.mp4 --loop" in lines[2]


def test_camera_added_while_the_doorbell_runs_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[list[CameraPlan]] = []
    orchestrator = PipelineOrchestrator(SystemPlan())
    monkeypatch.setattr(orchestrator, "watch_cameras", lambda plans: watched.append(list(plans)))
    monkeypatch.setattr(running, "close_old_connections", lambda: None)
    follow_rows(orchestrator)
    Camera.objects.create(name="garage", source="0")
    follow_rows(orchestrator)
    assert watched == [[], [CameraPlan("garage", row_source="0")]]


def test_database_that_is_away_ends_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> list[CameraPlan]:
        raise OperationalError("database is locked")

    monkeypatch.setattr(running, "plans_from_rows", fail)
    monkeypatch.setattr(running, "close_old_connections", lambda: None)
    follow_rows(PipelineOrchestrator(SystemPlan()))
    assert "the cameras cannot be looked up: database is locked" in caplog.messages


def test_without_a_pin_no_button_is_watched(settings: Settings) -> None:
    settings.DOORBELL_PIN = None
    assert watch_for_button() is None
