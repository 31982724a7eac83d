from pathlib import Path

import pytest

from events.models import Camera
from pipeline import processes
from pipeline.camera_plans import add_first_camera, plan_for_source, plans_from_rows
from pipeline.hardware import cameras
from pipeline.hardware.errors import CameraError
from pipeline.hardware.source import Source, SourceKind
from pipeline.processes import CameraPlan
from tests.conftest import Portraits

pytestmark = pytest.mark.django_db
FOUND = Source(SourceKind.DEVICE, "/dev/video2")


@pytest.fixture
def _one_camera_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "first_camera", lambda: FOUND)


def test_source_on_disk_is_named_in_full(portraits: Portraits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(portraits.astronaut.parent)
    plan = plan_for_source(portraits.astronaut.name, loop=True)
    assert plan == CameraPlan("front door", str(portraits.astronaut.resolve()), loop=True)


def test_other_sources_are_kept_as_given() -> None:
    assert plan_for_source("rtsp://door.example/1", loop=False).source == "rtsp://door.example/1"


def test_wrong_source_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(CameraError):
        plan_for_source(str(tmp_path / "nothing.mp4"), loop=False)


def test_enabled_cameras_with_a_source_are_watched() -> None:
    Camera.objects.create(name="garage", source="rtsp://door.example/2")
    Camera.objects.create(name="attic", source="0", is_enabled=False)
    Camera.objects.create(name="upload")
    assert plans_from_rows() == [CameraPlan("garage", row_source="rtsp://door.example/2")]


def test_password_of_a_camera_is_not_on_the_command_line() -> None:
    Camera.objects.create(name="garage", source="rtsp://me:secret@door.example/2")
    [plan] = plans_from_rows()
    assert "secret" not in " ".join(processes.capture(plan).command)


def test_camera_with_a_new_address_is_another_plan() -> None:
    camera = Camera.objects.create(name="garage", source="0")
    before = plans_from_rows()
    camera.source = "1"
    camera.save()
    assert plans_from_rows() != before


@pytest.mark.usefixtures("_one_camera_plugged_in")
def test_first_camera_found_becomes_the_front_door() -> None:
    camera = add_first_camera()
    assert camera is not None
    assert (camera.name, camera.source) == ("front door", "/dev/video2")
    assert plans_from_rows() == [CameraPlan("front door", row_source="/dev/video2")]


@pytest.mark.usefixtures("_one_camera_plugged_in")
def test_front_door_that_only_had_films_gets_the_camera() -> None:
    row = Camera.objects.create(name="Front Door")
    add_first_camera()
    row.refresh_from_db()
    assert row.source == "/dev/video2"
    assert Camera.objects.count() == 1


@pytest.mark.usefixtures("_one_camera_plugged_in")
def test_camera_that_was_switched_off_stays_off() -> None:
    Camera.objects.create(name="garage", source="0", is_enabled=False)
    assert add_first_camera() is None
    assert plans_from_rows() == []


def test_machine_without_cameras_adds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "first_camera", lambda: None)
    assert add_first_camera() is None
    assert not Camera.objects.exists()
