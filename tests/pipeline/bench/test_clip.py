"""Whom the benchmark says that its clips show."""

from __future__ import annotations

from itertools import count, pairwise
from pathlib import Path

import cv2
import numpy as np

from pipeline.bench.clip import CLIP_FPS, CLIP_STEP, SCENES, load_clip
from pipeline.bench.pictures import CLIP, load_household
from pipeline.vision.motion import MotionDetector


def cuts_in(path: Path) -> list[int]:
    """The frames that show another scene than the ones before."""
    video, motion = cv2.VideoCapture(str(path)), MotionDetector()
    found: list[int] = []
    for number in count():
        is_read, picture = video.read()
        if not is_read:
            break
        motion.update(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8), number / CLIP_FPS)
        if motion.saw_cut:
            found.append(number)
    video.release()
    return found


def test_a_scene_begins_with_the_first_frame_after_each_cut(shared: Path) -> None:
    assert [first for first, _ in SCENES] == [0, *cuts_in(shared / "media" / CLIP)]


def test_every_frame_of_a_scene_shows_its_people(shared: Path) -> None:
    frames = load_clip(load_household(shared / "media"))

    for (first, names), (behind, _) in pairwise([*SCENES, (len(frames) * CLIP_STEP, set())]):
        within = [frame for frame in frames if first <= round(frame.time_s * CLIP_FPS) < behind]
        assert within
        assert all(frame.shown == names for frame in within)


def test_without_a_clip_two_visitors_come_one_after_the_other() -> None:
    frames = load_clip(load_household(None))
    shown = [frame.shown for frame in frames]

    # Whoever leaves is still in the picture: those frames are left out.
    changes = [shown[0]] + [after for before, after in pairwise(shown) if before != after]
    assert changes == [frozenset(), {"Grace Hopper"}, frozenset(), {"Eileen Collins"}]
    assert all(before.time_s < after.time_s for before, after in pairwise(frames))
