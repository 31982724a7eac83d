"""Rows `video` and `video_yunet`: who is seen in the frames of a clip."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.bench import peer
from pipeline.bench.clip import ClipFrame, load_clip
from pipeline.bench.material import Material
from pipeline.bench.results import Figures
from pipeline.bench.timing import elapsed_ms
from pipeline.detecting import default_min_face_px
from pipeline.vision.arrays import Float32Array
from pipeline.vision.following import Follower
from pipeline.vision.matching import Gallery

PASSES = 3
WARM_UP_FRAMES = 3


@dataclass(slots=True)
class Score:
    """right: frames in which somebody was named and nobody wrongly."""

    times_ms: list[float] = field(default_factory=list)
    right: int = 0
    wrong: int = 0

    def count(self, names: set[str], shown: frozenset[str]) -> None:
        self.wrong += bool(names - shown)
        self.right += bool(names) and names <= shown

    @property
    def mean_ms(self) -> float:
        return statistics.fmean(self.times_ms)


def measure(material: Material) -> Figures:
    """Both look at each frame in turn; a pass's time is the mean over its frames, since not every frame costs alike.

    The peer compares with the very encodings that the product has.
    """
    frames = load_clip(material.household)
    names, encodings = material.enrolled_encodings()
    passes = [_play(material, frames, names, encodings) for _ in range(PASSES)]
    product = statistics.median(score.mean_ms for score, _ in passes)
    against = statistics.median(score.mean_ms for _, score in passes)
    ours, theirs = passes[0]
    further = {
        "frames": len(frames),
        "named_right": ours.right,
        "named_wrong": ours.wrong,
        "peer_named_right": theirs.right,
        "peer_named_wrong": theirs.wrong,
    }
    return Figures(product, against, "ms", further)


def _play(
    material: Material, frames: Sequence[ClipFrame], names: list[str], encodings: Float32Array
) -> tuple[Score, Score]:
    people = sorted(set(names))
    ids = np.array([people.index(name) for name in names], np.int64)
    gallery = Gallery(encodings, ids, np.zeros(len(ids), np.bool_))
    known = list(encodings.astype(np.float64))
    min_face_px = default_min_face_px(frames[0].frame)
    engine = material.engine()
    warm = Follower(engine, gallery, min_face_px=min_face_px)
    for frame in frames[:WARM_UP_FRAMES]:
        warm.see(frame.frame, frame.time_s)
        peer.recognize_once(frame.frame, known)
    follower = Follower(engine, gallery, min_face_px=min_face_px)
    product, against = Score(), Score()
    for frame in frames:
        named: set[str] = set()
        product.times_ms.append(elapsed_ms(lambda: named.update(_follow(follower, frame, people))))  # noqa: B023
        product.count(named, frame.shown)
        named = set()
        against.times_ms.append(elapsed_ms(lambda: named.update(_ask_peer(frame, known, names))))  # noqa: B023
        against.count(named, frame.shown)
    return product, against


def _follow(follower: Follower, frame: ClipFrame, people: list[str]) -> set[str]:
    seen = follower.see(frame.frame, frame.time_s)
    return {people[face.identity.person_id] for face in seen if face.identity.person_id is not None}


def _ask_peer(frame: ClipFrame, known: peer.Encodings, names: list[str]) -> set[str]:
    found = peer.recognize_once(frame.frame, known)
    return {names[index] for index, distance in found if distance <= peer.TOLERANCE}
