"""Whom the benchmark says that its clips show."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from pipeline.bench.clip import CLIP_FPS, CLIP_STEP, SCENES, load_clip
from pipeline.bench.pictures import CLIP, load_household
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.scenes import is_scene_cut, scene_thumbnail


def thumbnails(path: Path) -> list[UInt8Array]:
    video = cv2.VideoCapture(str(path))
    found: list[UInt8Array] = []
    while (read := video.read())[0]:
        found.append(scene_thumbnail(np.asarray(read[1][..., ::-1], np.uint8)))
    video.release()
    return found


def test_a_scene_begins_with_the_first_frame_after_each_cut(shared: Path) -> None:
    adjacent = pairwise(thumbnails(shared / "media" / CLIP))
    cuts = [number for number, (before, after) in enumerate(adjacent, start=1) if is_scene_cut(before, after)]

    assert [first for first, _ in SCENES] == [0, *cuts]


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
