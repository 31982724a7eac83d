import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from doorbell_site.running import RunPlan, tell_cameras, tell_where_to_look
from pipeline import web_address
from pipeline.manager.preparing import watch_for_button
from pipeline.orchestrator_manager import OrchestratorManager
from tests.conftest import REPOSITORY

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


LOOK = """
import sys
import doorbell_site.management.commands.run_doorbell as command, pipeline.manager.lifecycle, doorbell_site.first_owner
from django.core.management import call_command
command.Command().check(tags=list(command.Command.requires_system_checks))
call_command("migrate", verbosity=0, interactive=False)
doorbell_site.first_owner.make_link_path()
print([name for name in ("cv2", "dlib", "onnxruntime", "onnx", "PIL", "doorbell_site.urls") if name in sys.modules])
"""


def test_the_process_that_watches_over_all_loads_nothing_that_only_others_need(tmp_path: Path) -> None:
    program = f"import django; django.setup(){LOOK}"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "doorbell_site.settings", "DOORBELL_VAR": str(tmp_path)}
    environment |= {"DATABASE_URL": "", "LEGACY_DATA_DIR": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
