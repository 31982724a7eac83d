"""Who is to be seen, from frame to frame of one camera: motion, detection, tracks, encodings and names together.

Where something moves, the picture is searched twice a second; in between faces are looked for only near those that are
followed, which costs a tenth. A cut is searched at once. A face is measured and encoded while it can still tell
something new, after that only by the searches.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.engine import Engine
from pipeline.vision.geometry import Box
from pipeline.vision.identity import Identity, identify, is_decisive
from pipeline.vision.matching import Gallery, Tolerances
from pipeline.vision.motion import Motion, MotionConfig, MotionDetector
from pipeline.vision.quality import confidence_of, measure_quality
from pipeline.vision.tracking import MAX_ENCODINGS, Sighting, Track, Tracker, needs_encoding

SEARCH_INTERVAL_S = 0.5
# A followed face is looked for this many of its sides around its last place, and down to this share of its size. HOG's
# windows grow in steps of a fifth, and a turned face may fall between two: one that was there a frame ago and is missed
# is looked for again, half a step aside and farther around. Of 72 frames of a film that finds one more.
_Look: TypeAlias = tuple[float, float]
_NEARBY: _Look = (0.75, 0.83)
_AGAIN: _Look = (1.0, 0.76)
# After this long unseen a face is left to the searches.
_FOLLOWED_S = 1.0
_SAME_FACE_IOU = 0.4
# So many pictures that are all far from everybody make a stranger.
_STRANGER_FRAMES = 3


@dataclass(frozen=True, slots=True)
class Followed:
    """A face in the newest frame (`track.last`) and who it is by all that was seen of it."""

    track: Track
    identity: Identity


@dataclass(frozen=True, slots=True)
class _View:
    """A sighting and the chip to encode it from; None where it was not measured."""

    sighting: Sighting
    chip: UInt8Array | None


class Follower:
    """Give it the frames of one camera in order of time."""

    def __init__(
        self, engine: Engine, gallery: Gallery, *, min_face_px: int, tolerances: Tolerances | None = None
    ) -> None:
        """min_face_px: as for `Detector.detect`."""
        self._engine = engine
        self._gallery = gallery
        self._min_face_px = min_face_px
        self._tolerances = tolerances or Tolerances()
        self._motion = MotionDetector(MotionConfig(min_motion_duration=0.0))
        self._tracker = Tracker()
        self._identities: dict[Hashable, Identity] = {}
        self._searched_s = -np.inf
        self._previous_s = -np.inf
        self._number = 0

    def see(self, frame: UInt8Array, time_s: float) -> list[Followed]:
        """Look at an (H, W, 3) RGB frame; return the faces found in it."""
        self._number += 1
        motion = self._motion.update(frame, time_s)
        faces = self._find(frame, time_s, motion)
        views = [self._view(frame, time_s, index, face) for index, face in enumerate(faces)]
        tracks = self._tracker.add_frame([view.sighting for view in views], after_cut=self._motion.saw_cut)
        self._previous_s = time_s
        return [self._name(track, view.chip) for track, view in zip(tracks, views, strict=True)]

    def _find(self, frame: UInt8Array, time_s: float, motion: Motion | None) -> list[Detection]:
        whole = Box(0, frame.shape[1], frame.shape[0], 0)
        if self._motion.saw_cut or self._number == 1:
            self._searched_s = time_s
            return self._search(frame, whole, self._min_face_px)
        found: list[Detection] = []
        if motion is not None and time_s - self._searched_s >= SEARCH_INTERVAL_S:
            self._searched_s = time_s
            found = self._search(frame, motion.region(*frame.shape[:2]), self._min_face_px)
        for last in self._followed(time_s):
            if not any(face.box.iou(last.box) >= _SAME_FACE_IOU for face in found):
                found += self._search_near(frame, last)
        return _without_doubles(found)

    def _followed(self, time_s: float) -> list[Sighting]:
        """Where the faces that are followed were last."""
        newest = [track.last for track in self._tracker.open_tracks]
        return [last for last in newest if time_s - last.time_s <= _FOLLOWED_S]

    def _search_near(self, frame: UInt8Array, last: Sighting) -> list[Detection]:
        looks = (_NEARBY, _AGAIN) if last.time_s == self._previous_s else (_NEARBY,)
        side = max(last.box.width, last.box.height)
        for sides, share in looks:
            smallest = max(self._min_face_px, round(side * share))
            if faces := self._search(frame, _grown(last.box, round(side * sides)), smallest):
                return faces
        return []

    def _search(self, frame: UInt8Array, region: Box, min_face_px: int) -> list[Detection]:
        region = region.clipped(*frame.shape[:2])
        part = np.ascontiguousarray(frame[region.top : region.bottom, region.left : region.right])
        faces = self._engine.detect(part, min_face_px)
        return [replace(face, box=face.box.moved(region.left, region.top), landmarks=None) for face in faces]

    def _view(self, frame: UInt8Array, time_s: float, index: int, face: Detection) -> _View:
        """Measure a face; between two searches, one that can hardly tell anything new is left unmeasured."""
        key = (self._number, index)
        if time_s > self._searched_s and self._is_known_well_at(face.box):
            return _View(Sighting(time_s, face.box, 0.0, key), None)
        landmarks = self._engine.landmarks(frame, face.box)
        chip = self._engine.chip(frame, landmarks)
        confidence = confidence_of(self._engine.config.detector, face.score)
        quality = measure_quality(chip, face.box, landmarks, confidence)
        return _View(Sighting(time_s, face.box, quality.score, key), chip)

    def _is_known_well_at(self, box: Box) -> bool:
        nearest = max(self._tracker.open_tracks, key=lambda track: track.last.box.iou(box), default=None)
        if nearest is None or nearest.last.box.iou(box) < _SAME_FACE_IOU:
            return False
        return self._is_settled(nearest) or len(nearest.encoded) >= MAX_ENCODINGS

    def _is_settled(self, track: Track) -> bool:
        """Whether only a better picture could change who it is: surely named, or surely nobody who is enrolled."""
        identity = self._identities.get(_first_key(track))
        if identity is None:
            return False
        is_far = identity.distance is None or identity.distance > self._tolerances.known
        is_stranger = identity.status == "unknown" and is_far and len(track.encoded) >= _STRANGER_FRAMES
        return is_stranger or is_decisive(identity, self._tolerances)

    def _name(self, track: Track, chip: UInt8Array | None) -> Followed:
        """Encode the newest sighting where that can help, and weigh the track anew only then."""
        identity = self._identities.get(_first_key(track))
        if chip is not None and needs_encoding(track, is_decided=self._is_settled(track)):
            track = self._tracker.set_encoding(track.last.key, self._engine.encode(chip[np.newaxis])[0])
            identity = None
        if identity is None:
            identity = identify(track, self._gallery, self._tolerances)
        self._identities[_first_key(track)] = identity
        return Followed(track, identity)


def _first_key(track: Track) -> Hashable:
    """A track's name: it only ever grows at its end."""
    return track.sightings[0].key


def _grown(box: Box, by_px: int) -> Box:
    return Box(box.top - by_px, box.right + by_px, box.bottom + by_px, box.left - by_px)


def _without_doubles(faces: Iterable[Detection]) -> list[Detection]:
    """Of the same face found in two searches, the surer one."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if not any(face.box.iou(other.box) >= _SAME_FACE_IOU for other in kept):
            kept.append(face)
    return kept
