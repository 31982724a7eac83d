from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from doorbell_site.running import RunPlan, tell_cameras, tell_where_to_look
from pipeline import web_address
from pipeline.manager.preparing import watch_for_button
from pipeline.orchestrator_manager import OrchestratorManager

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
    lines = said(tell_cameras, OrchestratorManager(), RunPlan())
    assert lines[0] == "No camera was found; the doorbell runs without one."
    assert "http://127.0.0.1:8000/admin/events/camera/add/" in lines[1]
    assert "./doorbell run --source visit.mp4 --loop" in lines[2]


def test_without_a_pin_no_button_is_watched(settings: Settings) -> None:
    settings.DOORBELL_PIN = None
    assert watch_for_button() is None
