"""How far apart this household's faces lie, and what tolerance follows for a chosen rate of false matches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.vision.arrays import Float32Array

# Two-sided 95 %: the bound on a rate that was only sampled.
_Z = 1.96
_STEP = 0.01
# Beyond dlib's own threshold a tolerance is no calibration but a hope; below this nobody is recognised.
LARGEST, SMALLEST = 0.6, 0.3


@dataclass(frozen=True, eq=False, slots=True)
class Labelled:
    """Encodings, (N, 128) float32, of which it is known whose they are: (N,) int64."""

    encodings: Float32Array
    person_ids: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """same: from each picture to the nearest other sample of its person. different: from each picture to the nearest
    sample of every other person. Sorted, Euclidean.
    """

    same: npt.NDArray[np.float64]
    different: npt.NDArray[np.float64]

    def false_match_rate(self, tolerance: float) -> float | None:
        """The share of comparisons with somebody else that would match; None without any."""
        if not len(self.different):
            return None
        return float(np.searchsorted(self.different, tolerance, side="right") / len(self.different))

    def missed_rate(self, tolerance: float) -> float | None:
        """The share of comparisons with the same person that would not match; None without any."""
        if not len(self.same):
            return None
        return float(1 - np.searchsorted(self.same, tolerance, side="right") / len(self.same))


@dataclass(frozen=True, slots=True)
class Recommendation:
    """tolerance: None where there is too little to tell; why: a sentence in either case."""

    tolerance: float | None
    why: str


def measure_spread(samples: Labelled, seen: Labelled, targets: npt.NDArray[np.int64]) -> Spread:
    """Compare every sample and every seen picture with the samples of the people in `targets`.

    A sample is not compared with itself. One number for each picture and person, as recognition sees them: the
    nearest sample counts.
    """
    same: list[float] = []
    different: list[float] = []
    for person in np.unique(targets):
        of_person = samples.person_ids == person
        enrolled = samples.encodings[of_person]
        same += _own(enrolled)
        same += _nearest(seen.encodings[seen.person_ids == person], enrolled)
        different += _nearest(samples.encodings[~of_person], enrolled)
        different += _nearest(seen.encodings[seen.person_ids != person], enrolled)
    return Spread(np.sort(np.array(same)), np.sort(np.array(different)))


def recommend(spread: Spread, false_match_rate: float) -> Recommendation:
    """Return the largest tolerance that keeps false matches below `false_match_rate`, 0..1, with 95 % confidence.

    Wilson's score interval (1927) bounds the rate from above; without a single false match among n comparisons the
    bound is about 4/n, so that a rate of 0.001 takes some 4,000 of them.
    """
    count = len(spread.different)
    needed = math.ceil(_Z**2 * (1 - false_match_rate) / false_match_rate)
    if count < needed:
        return Recommendation(
            None,
            f"too little to tell: {count} comparisons with somebody else, a false-match rate of {false_match_rate:g} "
            f"takes {needed}; enroll more people and pictures, or choose a larger rate",
        )
    for step in range(round((LARGEST - SMALLEST) / _STEP) + 1):
        tolerance = round(LARGEST - step * _STEP, 2)
        matches = int(np.searchsorted(spread.different, tolerance, side="right"))
        if _upper_bound(matches, count) <= false_match_rate:
            return Recommendation(tolerance, f"{matches} of {count} comparisons with somebody else lie within it")
    return Recommendation(
        None,
        f"even at {SMALLEST:.2f} more than {false_match_rate:g} of the comparisons match; is one person there twice?",
    )


def _upper_bound(hits: int, count: int) -> float:
    share, square = hits / count, _Z**2
    centre = share + square / (2 * count)
    spread = _Z * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    return (centre + spread) / (1 + square / count)


def _own(enrolled: Float32Array) -> list[float]:
    """From each sample to the nearest other of the same person; nothing for a person with one."""
    if len(enrolled) < 2:
        return []
    others = [np.delete(enrolled, index, axis=0) for index in range(len(enrolled))]
    return [_nearest(enrolled[index : index + 1], rest)[0] for index, rest in enumerate(others)]


def _nearest(pictures: Float32Array, enrolled: Float32Array) -> list[float]:
    if not len(pictures) or not len(enrolled):
        return []
    nearest = np.full(len(pictures), np.inf)
    for sample in enrolled.astype(np.float64):
        np.minimum(nearest, np.linalg.norm(pictures - sample, axis=1), out=nearest)
    return [float(distance) for distance in nearest]
