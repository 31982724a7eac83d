from __future__ import annotations

import numpy as np

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.motion import MotionDetector
from pipeline.vision.scenes import is_scene_cut


def is_cut_between(before: UInt8Array, after: UInt8Array) -> bool:
    motion = MotionDetector()
    motion.update(before, 0.0)
    motion.update(after, 0.1)
    return motion.saw_cut


def test_another_scene_is_a_cut_and_another_light_is_none(portrait_frames: list[UInt8Array]) -> None:
    grace, eileen = (frame[:512, :512] for frame in portrait_frames)

    assert is_cut_between(grace, eileen)
    assert not is_cut_between(grace, grace)
    assert not is_cut_between(grace, (grace * 0.4).astype(np.uint8))
    assert not is_cut_between(grace, np.roll(grace, 8, axis=1))


def test_a_covered_camera_is_a_cut() -> None:
    dark = np.full((36, 64), 3, np.uint8)
    scene = np.tile(np.arange(64, dtype=np.uint8) * 4, (36, 1))

    assert is_scene_cut(scene, dark)
    assert is_scene_cut(dark, scene)
    assert not is_scene_cut(dark, dark + 1)
