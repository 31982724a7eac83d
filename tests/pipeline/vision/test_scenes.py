from __future__ import annotations

import numpy as np

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.scenes import is_scene_cut, scene_thumbnail


def test_another_scene_is_a_cut_and_another_light_is_none(portrait_frames: list[UInt8Array]) -> None:
    grace, eileen = (scene_thumbnail(frame) for frame in portrait_frames)
    darker = scene_thumbnail((portrait_frames[0] * 0.4).astype(np.uint8))
    moved = scene_thumbnail(np.roll(portrait_frames[0], 8, axis=1))

    assert grace.shape == (36, 64)
    assert is_scene_cut(grace, eileen)
    assert not is_scene_cut(grace, grace)
    assert not is_scene_cut(grace, darker)
    assert not is_scene_cut(grace, moved)


def test_a_covered_camera_is_a_cut() -> None:
    dark = np.full((36, 64), 3, np.uint8)
    scene = np.tile(np.arange(64, dtype=np.uint8) * 4, (36, 1))

    assert is_scene_cut(scene, dark)
    assert is_scene_cut(dark, scene)
    assert not is_scene_cut(dark, dark + 1)
