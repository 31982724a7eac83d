from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.engine import Engine
from pipeline.vision.matching import BoolArray, Gallery, Match, Neighbours, Tolerances
from tests.pipeline.vision.encodings import away, gallery, person
from tests.pipeline.vision.reference import face_recognition


def brute_force(searched: Gallery, query: Float32Array) -> Neighbours:
    """The same answer, without the product: every distance from its difference in float64."""
    distances = np.linalg.norm(searched.encodings.astype(np.float64) - query, axis=1)

    def nearest(rows: BoolArray) -> Match | None:
        if not rows.any():
            return None
        best = np.flatnonzero(rows)[distances[rows].argmin()]
        return Match(int(searched.person_ids[best]), float(distances[best]))

    known, blocked = nearest(~searched.is_blocked), nearest(searched.is_blocked)
    other = nearest(searched.person_ids != known.person_id) if known else blocked
    return Neighbours(known, blocked, other)


def same(found: Match | None, expected: Match | None) -> bool:
    if found is None or expected is None:
        return found is expected
    return found.person_id == expected.person_id and abs(found.distance - expected.distance) < 1e-6


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), samples=st.integers(0, 60), people=st.integers(1, 9), queries=st.integers(0, 19))
def test_search_finds_what_comparing_with_everybody_finds(seed: int, samples: int, people: int, queries: int) -> None:
    random = np.random.default_rng(seed)
    ids = random.integers(0, people, samples)
    searched = Gallery(random.normal(size=(samples, 128)).astype(np.float32) * 0.12, ids, ids % 3 == 2)
    asked = random.normal(size=(queries, 128)).astype(np.float32) * 0.12

    found = searched.nearest(asked)

    assert len(found) == queries
    for query, neighbours in zip(asked, found, strict=True):
        expected = brute_force(searched, query)
        assert same(neighbours.known, expected.known)
        assert same(neighbours.blocked, expected.blocked)
        assert same(neighbours.other, expected.other)


def test_distances_are_face_recognitions(engine: Engine, portrait_chips: UInt8Array) -> None:
    grace, eileen = engine.encode(portrait_chips)
    expected = face_recognition.face_distance(np.stack([grace, eileen]), away(eileen, 0.3))

    (found,) = gallery((1, grace), (2, eileen)).nearest(away(eileen, 0.3)[None])

    assert same(found.known, Match(2, expected[1]))
    assert same(found.other, Match(1, expected[0]))


def test_the_same_picture_is_exactly_nought_away() -> None:
    encodings = [away(person(1), 0.0005 * step, seed=step) for step in range(40)]

    for index, neighbours in enumerate(gallery(*enumerate(encodings)).nearest(np.stack(encodings))):
        assert neighbours.known == Match(index, 0.0)


def test_the_second_person_is_never_another_sample_of_the_first() -> None:
    samples = [(7, away(person(1), 0.1 * step, seed=step)) for step in range(5)]

    (found,) = gallery(*samples, (3, away(person(1), 0.55))).nearest(person(1)[None])

    assert found.known == Match(7, 0.0)
    assert same(found.other, Match(3, 0.55))


def test_a_blocked_person_counts_as_the_second_person() -> None:
    searched = gallery((1, person(1)), (2, away(person(1), 0.4)), blocked=(2,))

    (found,) = searched.nearest(person(1)[None])

    assert found.known == Match(1, 0.0)
    assert found.blocked == found.other
    assert same(found.blocked, Match(2, 0.4))
    assert found.nearest == found.known


def test_an_empty_gallery_knows_nobody() -> None:
    empty = Gallery.empty(version=4)

    assert empty.nearest(person(1)[None]) == [Neighbours(None, None, None)]
    assert empty.nearest(np.empty((0, 128), np.float32)) == []
    assert len(empty) == 0
    assert empty.version == 4


def test_a_gallery_cannot_be_changed() -> None:
    searched = gallery((1, person(1)))

    with pytest.raises(ValueError, match="read-only"):
        searched.encodings[0, 0] = 1
    assert searched.encodings.dtype == np.float32
    assert searched.encodings.flags.c_contiguous


def test_the_order_of_samples_does_not_matter() -> None:
    samples = [(step % 4, away(person(step % 4), 0.2, seed=step)) for step in range(12)]
    asked = np.stack([away(person(step), 0.1, seed=50) for step in range(4)])

    assert gallery(*samples).nearest(asked) == gallery(*reversed(samples)).nearest(asked)


def test_one_person_can_be_looked_at_apart_from_the_others() -> None:
    searched = gallery((1, person(1)), (2, person(2)), (1, away(person(1), 0.2)))

    assert len(searched.only(1)) == 2
    assert len(searched.without(1)) == 1
    assert searched.without(1).nearest(person(2)[None])[0].known == Match(2, 0.0)


@pytest.mark.parametrize(
    ("encodings", "ids", "blocked", "message"),
    [
        (np.zeros((2, 64)), [1, 2], [False, False], r"encodings \(N, 128\).*not \(2, 64\), \(2,\) and \(2,\)"),
        (np.zeros((2, 128)), [1], [False], r"not \(2, 128\), \(1,\) and \(1,\)"),
        (np.full((1, 128), np.nan), [1], [False], "not finite; encode its picture again"),
        (np.zeros((2, 128)), [5, 5], [True, False], "person 5 has blocked and unblocked samples"),
    ],
)
def test_a_gallery_that_makes_no_sense_is_refused(
    encodings: Float32Array,
    ids: list[int],
    blocked: list[bool],
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        Gallery(encodings.astype(np.float32), np.array(ids), np.array(blocked))


def test_queries_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match=r"queries are \(M, 128\) encodings, not \(128,\)"):
        Gallery.empty().nearest(person(1))
    with pytest.raises(ValueError, match="a query is not finite"):
        Gallery.empty().nearest(np.full((1, 128), np.inf, np.float32))


def test_a_tolerance_that_is_no_distance_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"blocked=-0.1 is no distance between encodings; use 0 to 2"):
        Tolerances(blocked=-0.1)
