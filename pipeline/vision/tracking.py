"""One visitor's face across the frames of an event: sightings in, tracks out."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from pipeline.vision.arrays import Float32Array
from pipeline.vision.geometry import Box

# A face that was not seen for longer is a new visit to the picture.
MAX_GAP_S = 2.0
# How far a face's centre may move, in its own sides: at once, and for each second unseen. Somebody who walks past
# a door at 1.5 m/s moves about 6 sides of a 0.25 m face box a second.
_REACH_SIDES = 0.5
_SPEED_SIDES_PER_S = 6.0
_MAX_REACH_SIDES = 3.0
_MAX_SIZE_RATIO = 2.0
# Two good pictures of one face in one place lay at most 0.58 apart within half a second of the clip, those of
# different people at least 0.65. Farther means another face in the same place; a jump needs a much nearer one.
FAR_DISTANCE = 0.65
NEAR_DISTANCE = 0.45
# Below this quality an encoding says nothing about who it is: dark, blurred and averted faces resemble one another.
# Faces in a film's dark background had 0.02 to 0.06 and lay 0.57 to 0.60 from one of six people.
USABLE_QUALITY = 0.07
# Encodings that a track gets, and by how much a picture must be better than all of them to be encoded after that.
# Of a film's 260 faces 12 encoded 192, 6 encoded 111, and the same frames were named.
MAX_ENCODINGS = 6
_IMPROVEMENT = 1.25


@dataclass(frozen=True, eq=False, slots=True)
class Sighting:
    """A face in one frame.

    time_s: when the frame was taken, on any clock that all sightings share. quality: 0..1, `FaceQuality.score`.
    encoding: (128,) float32, or None while it has not been encoded. key: whatever the caller knows it by.
    """

    time_s: float
    box: Box
    quality: float
    key: Hashable
    encoding: Float32Array | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Track:
    """The sightings of one visitor, in order of time; never empty."""

    sightings: tuple[Sighting, ...]

    @property
    def last(self) -> Sighting:
        return self.sightings[-1]

    @property
    def encoded(self) -> list[Sighting]:
        return [sighting for sighting in self.sightings if sighting.encoding is not None]

    @property
    def best(self) -> Sighting:
        """The sighting of highest quality: the picture to show."""
        return max(self.sightings, key=lambda sighting: sighting.quality)

    @property
    def encoding(self) -> Float32Array | None:
        """The mean of the encodings weighted by quality, (128,) float32."""
        return mean_encoding(self.sightings)


def mean_encoding(sightings: Iterable[Sighting]) -> Float32Array | None:
    """Average by quality; None when nothing is encoded yet."""
    pairs = [(s.encoding, max(s.quality, 1e-3)) for s in sightings if s.encoding is not None]
    if not pairs:
        return None
    weights = np.array([weight for _, weight in pairs])
    # numpy.average takes ten times as long, and this is called for every face and track of a frame.
    return np.asarray(weights @ np.stack([encoding for encoding, _ in pairs]) / weights.sum(), np.float32)


class Tracker:
    """Follows faces from frame to frame. Frames come in order of time; see `group_into_tracks` for a heap of them."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._open: list[int] = []

    @property
    def tracks(self) -> list[Track]:
        return list(self._tracks)

    @property
    def open_tracks(self) -> list[Track]:
        """Those that the next frame may continue."""
        return [self._tracks[number] for number in self._open]

    def add_frame(self, sightings: Sequence[Sighting], *, after_cut: bool = False) -> list[Track]:
        """Take the faces of one frame and return the track that each now belongs to, in the order given.

        after_cut: the scene changed since the frame before, which ends every track.
        """
        if after_cut:
            self._open.clear()
        elif sightings:
            earliest_s = sightings[0].time_s - MAX_GAP_S
            self._open = [number for number in self._open if self._tracks[number].last.time_s >= earliest_s]
        chosen: dict[int, int] = {}
        for _, index, number in self._fits(sightings):
            if index not in chosen and number not in chosen.values():
                chosen[index] = number
        return [self._place(sighting, chosen.get(index)) for index, sighting in enumerate(sightings)]

    def set_encoding(self, key: Hashable, encoding: Float32Array) -> Track:
        """Fill in the encoding of a sighting that was tracked by its place, and return its track.

        A face that turns out to be somebody else's leaves for a track of its own. Raises KeyError.
        """
        # The newest first: a recording may have hours behind it.
        for number in reversed(range(len(self._tracks))):
            for sighting in reversed(self._tracks[number].sightings):
                if sighting.key == key:
                    return self._encode(number, sighting, replace(sighting, encoding=encoding))
        raise KeyError(key)

    def _encode(self, number: int, bare: Sighting, encoded: Sighting) -> Track:
        rest = tuple(sighting for sighting in self._tracks[number].sightings if sighting is not bare)
        if rest and _is_far(_distance(Track(rest), encoded)):
            self._tracks[number] = Track(rest)
            return self._begin(encoded, is_open=number in self._open)
        self._tracks[number] = Track(tuple(encoded if s is bare else s for s in self._tracks[number].sightings))
        return self._tracks[number]

    def _place(self, sighting: Sighting, number: int | None) -> Track:
        if number is None:
            return self._begin(sighting, is_open=True)
        self._tracks[number] = Track((*self._tracks[number].sightings, sighting))
        return self._tracks[number]

    def _begin(self, sighting: Sighting, *, is_open: bool) -> Track:
        self._tracks.append(Track((sighting,)))
        if is_open:
            self._open.append(len(self._tracks) - 1)
        return self._tracks[-1]

    def _fits(self, sightings: Sequence[Sighting]) -> list[tuple[float, int, int]]:
        """Every possible continuation as (cost, sighting's index, track's number), cheapest first."""
        costs = [
            (cost, index, number)
            for number in self._open
            for index, sighting in enumerate(sightings)
            if (cost := _cost(self._tracks[number], sighting)) is not None
        ]
        return sorted(costs)


def group_into_tracks(sightings: Iterable[Sighting], cuts: Iterable[float] = ()) -> list[Track]:
    """Group the sightings of one event, in whatever order they come.

    cuts: times at which a new scene begins; a frame taken at that time already belongs to it. Sightings with the
    same time_s are faces in one frame. The tracks come in the order in which they begin.
    """
    ordered = sorted(sightings, key=lambda s: (s.time_s, s.box.left, s.box.top, s.box.right, s.box.bottom, s.quality))
    starts = sorted(cuts)
    tracker = Tracker()
    seen_until = -np.inf
    for time_s, frame in groupby(ordered, key=lambda sighting: sighting.time_s):
        tracker.add_frame(list(frame), after_cut=any(seen_until < start <= time_s for start in starts))
        seen_until = time_s
    return tracker.tracks


def needs_encoding(track: Track, *, is_decided: bool) -> bool:
    """Whether encoding the track's newest sighting can still change or improve what is known about the visitor.

    An undecided track gets 6 encodings; after these, and one that is decided, only a clearly better picture.
    """
    newest, encoded = track.last, track.encoded
    if newest.encoding is not None:
        return False
    if not encoded or (not is_decided and len(encoded) < MAX_ENCODINGS):
        return True
    return newest.quality > _IMPROVEMENT * max(sighting.quality for sighting in encoded)


def _cost(track: Track, sighting: Sighting) -> float | None:
    """How badly a sighting continues a track, 0 best; None when it cannot."""
    gap_s = sighting.time_s - track.last.time_s
    if not 0 < gap_s <= MAX_GAP_S:
        return None
    distance = _distance(track, sighting)
    if _is_within_reach(track.last.box, sighting.box, gap_s):
        return None if _is_far(distance) else 1 - track.last.box.iou(sighting.box) + (distance or 0.0)
    # Elsewhere in the picture: only a face that looks the same jumped there.
    return None if distance is None or distance > NEAR_DISTANCE else 2 + distance


def _is_far(distance: float | None) -> bool:
    return distance is not None and distance > FAR_DISTANCE


def _is_within_reach(before: Box, after: Box, gap_s: float) -> bool:
    sides = sorted((max(before.width, before.height, 1), max(after.width, after.height, 1)))
    if sides[1] / sides[0] > _MAX_SIZE_RATIO:
        return False
    across = (after.left + after.right - before.left - before.right) / 2
    down = (after.top + after.bottom - before.top - before.bottom) / 2
    reach = min(_REACH_SIDES + _SPEED_SIDES_PER_S * gap_s, _MAX_REACH_SIDES)
    return bool(np.hypot(across, down) <= reach * sides[1])


def _distance(track: Track, sighting: Sighting) -> float | None:
    """From the mean of the track's usable encodings to a usable sighting's; None when there is nothing to compare."""
    mean = mean_encoding(known for known in track.sightings if known.quality >= USABLE_QUALITY)
    if mean is None or sighting.encoding is None or sighting.quality < USABLE_QUALITY:
        return None
    return float(np.linalg.norm(mean - sighting.encoding))
