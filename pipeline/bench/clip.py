"""The frames of row `video`, and who may be named in each of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline.bench.errors import BenchError
from pipeline.bench.pictures import Household
from pipeline.demo.film import COMING_S, EMPTY_S, FPS, STAYING_S, VISIT_S, film_frames
from pipeline.demo.portraits import EILEEN_COLLINS, GRACE_HOPPER
from pipeline.vision.arrays import UInt8Array

# Of the example clip's 30 frames a second every second one.
CLIP_STEP, CLIP_FPS = 2, 30.0
# The clip's scenes by their first frame: two musicians, one of them alone, the other, and the audience. The cuts are
# hard ones. People far out of focus in the second scene's background count as nobody: any name for them is wrong.
SCENES = (
    (0, {"lin_manuel_miranda", "alex_lacamoire"}),
    (20, {"alex_lacamoire"}),
    (82, {"lin_manuel_miranda"}),
    (211, {"obama"}),
)


@dataclass(frozen=True, eq=False, slots=True)
class ClipFrame:
    """frame: (H, W, 3) RGB. shown: the enrolled people in it; any other name is wrong."""

    frame: UInt8Array
    time_s: float
    shown: frozenset[str]


def load_clip(household: Household) -> list[ClipFrame]:
    """The household's own clip, else a film of the two portraits at a painted door. Raises BenchError."""
    return _film() if household.clip is None else _sampled(household.clip)


def _sampled(path: Path) -> list[ClipFrame]:
    video = cv2.VideoCapture(str(path))
    frames: list[ClipFrame] = []
    number = 0
    while (read := video.read())[0]:
        if number % CLIP_STEP == 0:
            shown = next(names for first, names in reversed(SCENES) if number >= first)
            rgb = np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB), np.uint8)
            frames.append(ClipFrame(rgb, number / CLIP_FPS, frozenset(shown)))
        number += 1
    video.release()
    if not frames:
        raise BenchError(f"{path} cannot be read as a video")
    return frames


def _film() -> list[ClipFrame]:
    """Each visitor comes and stays; nobody is to be named in the second of an empty door before."""
    frames = []
    for round_number, portrait in enumerate((GRACE_HOPPER, EILEEN_COLLINS)):
        for number, frame in enumerate(film_frames([portrait])):
            time_s = number / FPS
            if not EMPTY_S - 1 <= time_s < EMPTY_S + COMING_S + STAYING_S:
                continue
            shown = frozenset({portrait.name}) if time_s >= EMPTY_S else frozenset()
            frames.append(ClipFrame(frame, round_number * VISIT_S + time_s, shown))
    return frames
