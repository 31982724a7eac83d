"""Tolerances from distances, on encodings whose distances are chosen."""

import numpy as np
import pytest

from pipeline.vision.arrays import Float32Array
from pipeline.vision.calibration import Labelled, Spread, measure_spread, recommend


def at(*places: float) -> Float32Array:
    """Points on one axis: their distances are their differences."""
    encodings = np.zeros((len(places), 128), np.float32)
    encodings[:, 0] = places
    return encodings


def labelled(**places: list[float]) -> Labelled:
    ids = [int(name[1:]) for name, values in places.items() for _ in values]
    return Labelled(at(*[value for values in places.values() for value in values]), np.array(ids, np.int64))


NOBODY = Labelled(np.empty((0, 128), np.float32), np.empty(0, np.int64))


def test_the_nearest_sample_counts_and_no_sample_is_compared_with_itself() -> None:
    spread = measure_spread(labelled(p1=[0.0, 0.3, 0.4], p2=[1.0]), NOBODY, np.array([1, 2]))
    assert spread.same == pytest.approx([0.1, 0.1, 0.3])
    assert spread.different == pytest.approx([0.6, 0.6, 0.7, 1.0])


def test_what_was_seen_is_compared_with_everybody() -> None:
    spread = measure_spread(labelled(p1=[0.0], p2=[1.0]), labelled(p1=[0.2]), np.array([1, 2]))
    assert spread.same == pytest.approx([0.2])
    assert spread.different == pytest.approx([0.8, 1.0, 1.0])


def test_only_the_people_of_the_list_are_compared_with() -> None:
    spread = measure_spread(labelled(p1=[0.0], p2=[1.0]), NOBODY, np.array([2]))
    assert len(spread.same) == 0
    assert spread.different == pytest.approx([1.0])


def spread_of(*different: float, times: int) -> Spread:
    return Spread(np.empty(0), np.sort(np.tile(different, times)))


def test_too_few_comparisons_recommend_nothing_and_say_how_many_it_takes() -> None:
    advice = recommend(spread_of(0.8, times=100), 0.001)
    assert advice.tolerance is None
    assert advice.why.startswith(
        "too little to tell: 100 comparisons with somebody else, a false-match rate of 0.001 takes 3838"
    )


def test_the_largest_tolerance_that_keeps_the_rate_is_recommended() -> None:
    assert recommend(spread_of(0.55, *[0.9] * 99, times=100), 0.05).tolerance == 0.6
    assert recommend(spread_of(0.455, *[0.9] * 9, times=1000), 0.01).tolerance == 0.45


def test_no_tolerance_beyond_the_networks_own_is_recommended() -> None:
    assert recommend(spread_of(1.2, times=10_000), 0.001).tolerance == 0.6


def test_one_person_enrolled_twice_is_suspected_when_nothing_keeps_the_rate() -> None:
    advice = recommend(spread_of(0.1, times=5000), 0.001)
    assert advice.tolerance is None
    assert advice.why.endswith("is one person there twice?")


def test_rates_are_unknown_without_comparisons() -> None:
    spread = Spread(np.empty(0), np.empty(0))
    assert (spread.false_match_rate(0.6), spread.missed_rate(0.6)) == (None, None)
    assert spread_of(0.5, 0.7, times=1).false_match_rate(0.6) == 0.5
