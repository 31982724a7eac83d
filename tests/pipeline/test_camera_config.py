from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from pytest_django import Settings

from events.models import Camera
from pipeline import camera_config, watching
from pipeline.config import OrchestratorConfig
from pipeline.detecting import smallest_face_px
from pipeline.hardware.frames import Frame
from pipeline.hardware.source import parse_source
from pipeline.management.commands.run_capture import Command
from pipeline.vision.arrays import UInt8Array
from pipeline.visits import BurstPlan, MotionPlan
from pipeline.watching import Watch, WatchPlan

OPTIONS: dict[str, Any] = {
    "fast": False, "loop": False, "fps": None, "max_frames": None, "no_motion": False, "pre_roll": None,
}  # fmt: skip


def configure(settings: Settings, **sections: dict[str, Any]) -> None:
    settings.DOORBELL = OrchestratorConfig.from_dict({"pipeline_config": sections}, environ={})


@pytest.mark.parametrize(("count", "before", "after"), [(1, 0, 0), (2, 0, 1), (5, 2, 2), (6, 2, 3)])
def test_a_burst_lies_around_the_press(settings: Settings, count: int, before: int, after: int) -> None:
    configure(settings, frame_capture={"burst_count": count, "burst_interval": 0.5})
    assert camera_config.burst_plan() == BurstPlan(before=before, after=after, interval_s=0.5)


@pytest.mark.django_db
def test_what_is_configured_reaches_the_camera_that_is_watched(settings: Settings) -> None:
    configure(
        settings,
        frame_capture={"fps": 7, "pre_roll_seconds": 3, "burst_count": 3},
        motion_detection={"threshold": 40, "ignored_zones": [[[0, 0], [1, 0.5]]], "most_captures": 9},
    )
    plan = Command()._plan(parse_source("0"), OPTIONS)
    assert (plan.fps, plan.pre_roll_s, plan.motion) == (7.0, 3.0, True)
    loop = Watch(Camera.objects.create(name="front door"), plan).loop
    assert loop._motion is not None
    assert (loop._motion.config.threshold, loop._motion.config.ignored_zones) == (40, (((0, 0), (1, 0.5)),))
    assert loop._motion_plan == MotionPlan(most=9)
    assert loop._burst_plan == BurstPlan(before=1, after=1)


def test_the_command_line_beats_the_configuration_of_a_camera(settings: Settings) -> None:
    configure(settings, frame_capture={"fps": 7})
    plan = Command()._plan(parse_source("0"), OPTIONS | {"fps": 3.0, "no_motion": True, "pre_roll": 0.0})
    assert (plan.fps, plan.pre_roll_s, plan.motion) == (3.0, 0.0, False)


@pytest.mark.django_db
@pytest.mark.parametrize(("has_room", "is_paused"), [(True, False), (False, True)])
def test_a_camera_says_that_motion_pauses_on_a_full_disk(
    monkeypatch: pytest.MonkeyPatch, has_room: bool, is_paused: bool
) -> None:
    monkeypatch.setattr(watching, "has_disk_space", lambda: has_room)
    camera = Camera.objects.create(name="front door")
    picture = np.zeros((48, 64, 3), np.uint8)
    Watch(camera, WatchPlan(parse_source("0")))._saw(Frame(picture, 1.0, timezone.now(), 0))
    camera.refresh_from_db()
    assert (camera.state, camera.state_text == watching.DISK_FULL) == ("live", is_paused)


@pytest.mark.django_db
def test_motion_that_is_switched_off_is_not_looked_for(settings: Settings) -> None:
    configure(settings, motion_detection={"enabled": False})
    plan = Command()._plan(parse_source("0"), OPTIONS)
    assert not plan.motion
    assert Watch(Camera(name="front door"), WatchPlan(plan.source, motion=plan.motion)).loop._motion is None


@pytest.mark.parametrize(("configured", "expected"), [(None, 50), (96, 96)])
def test_the_smallest_face_is_the_cameras_unless_the_configuration_says_it(
    settings: Settings, configured: int | None, expected: int
) -> None:
    configure(settings, face_detection={"min_face_px": configured})
    frame: UInt8Array = np.zeros((480, 640, 3), np.uint8)
    assert smallest_face_px(50, frame) == expected


def test_a_nearly_full_disk_leaves_no_space_for_motion(settings: Settings) -> None:
    assert camera_config.has_disk_space()
    configure(settings, storage={"min_free_mb": 1_000_000})
    assert camera_config.has_disk_space() == (camera_config._free_mb(-1) >= 1_000_000)
