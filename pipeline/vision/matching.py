"""Exact search among the enrolled encodings: one matrix product, then the best few measured again exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.vision.arrays import Float32Array

Int64Array: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

ENCODING_LENGTH = 128
# Queries searched at once: at 1,000,000 encodings their scores take 32 MB.
_QUERIES_AT_ONCE = 8
# A float32 sum of 128 products errs by at most 128 * 2^-24 of |a||b| <= (a² + b²) / 2, and so do two of them: rows
# this near the best one are measured exactly.
_PRODUCT_ERROR = 128 * 2.0**-24


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far encodings may lie apart, Euclidean.

    known, blocked: the largest distance to a sample that still counts as that person; 0.6 is dlib's own
    threshold (99.38 % on Labeled Faces in the Wild), 0.5 is the stricter one for alarms.
    margin: how much nearer than the second person, and than the tolerance's edge, one picture must lie to name
    somebody on its own. Measured on 1,395 faces of photographs and a film, also shrunk, darkened and turned, against
    every gallery of one, two and six of six people: wrong people lay at 0.553 and beyond, so that 0.06 names none of
    them, and 3,629 single pictures rightly; without room to the edge it would be 4,354 rightly and 32 wrongly.
    """

    known: float = 0.6
    blocked: float = 0.5
    margin: float = 0.06

    def __post_init__(self) -> None:
        for name in ("known", "blocked", "margin"):
            value = getattr(self, name)
            if not 0 <= value <= 2:
                raise ValueError(f"{name}={value} is no distance between encodings; use 0 to 2 (0.6 is usual)")


@dataclass(frozen=True, slots=True)
class Match:
    """A person and how far the nearest of their samples lies from the query, Euclidean."""

    person_id: int
    distance: float


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Who is enrolled near one query. `other` is the nearest person who is not `known`, blocked or not."""

    known: Match | None
    blocked: Match | None
    other: Match | None

    @property
    def nearest(self) -> Match | None:
        """The nearest of all, blocked or not."""
        found = [match for match in (self.known, self.blocked) if match is not None]
        return min(found, key=lambda match: match.distance, default=None)


@dataclass(frozen=True, eq=False)
class Gallery:
    """The enrolled samples, immutable, ordered by (is_blocked, person_id).

    encodings: (N, 128) float32, C-contiguous. person_ids: (N,) int64. is_blocked: (N,) bool.
    version: whatever says which state of the database this is. The arrays given are copied into order.
    Raises ValueError when the shapes disagree, an encoding is not finite or a person is on both lists.
    """

    encodings: Float32Array
    person_ids: Int64Array
    is_blocked: BoolArray
    version: int = 0
    _half_norms: Float32Array = field(init=False, repr=False)
    _known_count: int = field(init=False, repr=False)
    _longest_squared: float = field(init=False, repr=False)

    @classmethod
    def empty(cls, version: int = 0) -> Gallery:
        return cls(np.empty((0, ENCODING_LENGTH), np.float32), np.empty(0, np.int64), np.empty(0, np.bool_), version)

    def __post_init__(self) -> None:
        encodings = np.asarray(self.encodings, np.float32)
        person_ids = np.asarray(self.person_ids, np.int64)
        is_blocked = np.asarray(self.is_blocked, np.bool_)
        _check_shapes(encodings, person_ids, is_blocked)
        order = np.lexsort((person_ids, is_blocked))
        encodings = np.ascontiguousarray(encodings[order])
        half_norms = np.einsum("ij,ij->i", encodings, encodings) / np.float32(2)
        if not np.isfinite(half_norms).all():
            raise ValueError("an enrolled encoding is not finite; encode its picture again")
        self._freeze("encodings", encodings)
        self._freeze("person_ids", person_ids[order])
        self._freeze("is_blocked", is_blocked[order])
        self._freeze("_half_norms", half_norms)
        object.__setattr__(self, "_known_count", int(len(order) - is_blocked.sum()))
        object.__setattr__(self, "_longest_squared", float(2 * half_norms.max(initial=0)))

    def __len__(self) -> int:
        return len(self.person_ids)

    def only(self, person_id: int) -> Gallery:
        return self._where(self.person_ids == person_id)

    def without(self, person_id: int) -> Gallery:
        return self._where(self.person_ids != person_id)

    def _where(self, rows: BoolArray) -> Gallery:
        return Gallery(self.encodings[rows], self.person_ids[rows], self.is_blocked[rows], self.version)

    def nearest(self, encodings: Float32Array) -> list[Neighbours]:
        """Return the neighbours of each of the (M, 128) float32 queries, in their order.

        Distances are exact: those of the best candidates are taken from the differences themselves, since
        |a|² + |b|² - 2ab cancels to about ±0.001 for nearly equal encodings.
        """
        queries = np.ascontiguousarray(encodings, np.float32)
        if queries.ndim != 2 or queries.shape[1] != ENCODING_LENGTH:
            raise ValueError(f"queries are (M, {ENCODING_LENGTH}) encodings, not {queries.shape}")
        if not np.isfinite(queries).all():
            raise ValueError("a query is not finite; encode the face again")
        found: list[Neighbours] = []
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            batch = queries[start : start + _QUERIES_AT_ONCE]
            # Half the squared distance, less the query's own half norm: the order is the same.
            scores = self._half_norms - batch @ self.encodings.T
            found += [self._neighbours(query, row) for query, row in zip(batch, scores, strict=True)]
        return found

    def _neighbours(self, query: Float32Array, scores: Float32Array) -> Neighbours:
        """`scores` is used up: the rows of the person found are crossed out to find the next person."""
        known_rows, blocked_rows = slice(0, self._known_count), slice(self._known_count, len(self))
        known = self._best(query, scores, known_rows)
        blocked = self._best(query, scores, blocked_rows)
        if known is None:
            return Neighbours(None, blocked, blocked)
        same = np.searchsorted(self.person_ids[known_rows], [known.person_id, known.person_id + 1])
        scores[same[0] : same[1]] = np.inf
        rivals = [match for match in (self._best(query, scores, known_rows), blocked) if match is not None]
        return Neighbours(known, blocked, min(rivals, key=lambda match: match.distance, default=None))

    def _best(self, query: Float32Array, scores: Float32Array, rows: slice) -> Match | None:
        part = scores[rows]
        if not part.size:
            return None
        best = part[part.argmin()]
        if best == np.inf:
            return None
        slack = _PRODUCT_ERROR * (self._longest_squared + query.dot(query))
        candidates = (part <= best + slack).nonzero()[0] + rows.start
        differences = self.encodings[candidates] - query
        squares = (differences * differences).sum(axis=1)
        winner = squares.argmin()
        return Match(int(self.person_ids[candidates[winner]]), math.sqrt(squares[winner]))

    def _freeze(self, name: str, array: npt.NDArray[np.generic]) -> None:
        array.setflags(write=False)
        object.__setattr__(self, name, array)


def _check_shapes(encodings: Float32Array, person_ids: Int64Array, is_blocked: BoolArray) -> None:
    count = len(person_ids)
    if encodings.shape != (count, ENCODING_LENGTH) or person_ids.ndim != 1 or is_blocked.shape != (count,):
        raise ValueError(
            f"a gallery of N samples needs encodings (N, {ENCODING_LENGTH}), person_ids (N,) and is_blocked (N,), "
            f"not {encodings.shape}, {person_ids.shape} and {is_blocked.shape}"
        )
    both = np.intersect1d(person_ids[is_blocked], person_ids[~is_blocked])
    if both.size:
        raise ValueError(f"person {both[0]} has blocked and unblocked samples; a person is one or the other")
