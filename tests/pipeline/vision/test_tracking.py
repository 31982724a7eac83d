from __future__ import annotations

import random

import numpy as np
import pytest

from pipeline.vision.arrays import Float32Array
from pipeline.vision.geometry import Box
from pipeline.vision.tracking import (
    MAX_ENCODINGS,
    Sighting,
    Track,
    Tracker,
    group_into_tracks,
    mean_encoding,
    needs_encoding,
)
from tests.pipeline.vision.encodings import away, person


def sighting(
    time_s: float, left: int, encoding: Float32Array | None = None, *, quality: float = 0.8, size: int = 100
) -> Sighting:
    return Sighting(time_s, Box(50, left + size, 50 + size, left), quality, (time_s, left), encoding)


def walk(who: Float32Array, lefts: list[int], step_s: float = 0.2) -> list[Sighting]:
    """Somebody who is seen at these places, each picture 0.3 off in its own way."""
    return [sighting(step_s * n, left, away(who, 0.3, seed=left)) for n, left in enumerate(lefts)]


def keys(tracks: list[Track]) -> set[frozenset[object]]:
    return {frozenset(found.key for found in track.sightings) for track in tracks}


def test_one_visitor_is_one_track() -> None:
    (track,) = group_into_tracks(walk(person(1), [100, 120, 150, 190, 200]))

    assert [found.box.left for found in track.sightings] == [100, 120, 150, 190, 200]


def test_two_visitors_beside_each_other_are_two_tracks() -> None:
    left, right = walk(person(1), [100, 110, 120, 110]), walk(person(2), [260, 250, 240, 250])

    assert keys(group_into_tracks([*left, *right])) == {
        frozenset(found.key for found in left),
        frozenset(found.key for found in right),
    }


def test_two_visitors_who_cross_keep_their_tracks() -> None:
    right, left = walk(person(1), [100, 160, 220, 280, 340]), walk(person(2), [345, 285, 225, 165, 105])

    assert len(keys(group_into_tracks([*left, *right])) & {frozenset(found.key for found in left)}) == 1


def test_the_order_of_the_frames_does_not_matter() -> None:
    seen = [*walk(person(1), [100, 110, 120, 300]), *walk(person(2), [260, 250, 240, 100])]
    expected = keys(group_into_tracks(seen))

    for seed in range(20):
        shuffled = random.Random(seed).sample(seen, len(seen))
        assert keys(group_into_tracks(shuffled)) == expected


def test_a_track_ends_at_a_scene_cut() -> None:
    seen = walk(person(1), [100, 100, 100, 100])

    first, second = group_into_tracks(seen, cuts=[0.4])

    assert [found.time_s for found in first.sightings] == [0.0, 0.2]
    assert [found.time_s for found in second.sightings] == [0.4, pytest.approx(0.6)]


def test_another_face_in_the_same_place_is_another_track() -> None:
    seen = [sighting(0.0, 100, person(1)), sighting(0.2, 100, person(2))]

    assert len(group_into_tracks(seen)) == 2


def test_a_bad_picture_in_the_same_place_does_not_break_the_track() -> None:
    seen = [sighting(0.0, 100, person(1)), sighting(0.2, 100, person(2), quality=0.05), sighting(0.4, 100, person(1))]

    assert len(group_into_tracks(seen)) == 1


def test_a_face_elsewhere_that_looks_the_same_has_jumped_there() -> None:
    seen = [sighting(0.0, 0, person(1), size=40), sighting(0.2, 600, away(person(1), 0.3), size=40)]

    assert len(group_into_tracks(seen)) == 1


@pytest.mark.parametrize("encoding", [away(person(1), 0.55), person(2), None])
def test_a_face_elsewhere_that_looks_otherwise_is_another_track(encoding: Float32Array | None) -> None:
    seen = [sighting(0.0, 0, person(1), size=40), sighting(0.2, 600, encoding, size=40)]

    assert len(group_into_tracks(seen)) == 2


def test_a_face_of_quite_another_size_is_another_track() -> None:
    assert len(group_into_tracks([sighting(0.0, 100, size=50), sighting(0.2, 100, size=120)])) == 2


def test_a_face_that_comes_back_after_a_while_is_another_track() -> None:
    assert len(group_into_tracks([sighting(0.0, 100), sighting(5.0, 100)])) == 2


def test_nothing_seen_makes_no_track() -> None:
    assert group_into_tracks([]) == []


def test_better_pictures_weigh_more() -> None:
    good, bad = sighting(0, 0, person(1), quality=0.9), sighting(1, 0, person(2), quality=0.1)

    mean = mean_encoding([good, bad, sighting(2, 0)])

    assert mean is not None
    assert mean.dtype == np.float32
    assert np.allclose(mean, 0.9 * person(1) + 0.1 * person(2), atol=1e-6)
    assert mean_encoding([sighting(0, 0)]) is None


def test_the_best_picture_is_the_one_to_show() -> None:
    track = Track((sighting(0, 0, quality=0.2), sighting(1, 0, quality=0.7), sighting(2, 0, quality=0.4)))

    assert track.best.time_s == 1


def test_a_face_that_turns_out_to_be_somebody_else_leaves_the_track() -> None:
    tracker = Tracker()
    tracker.add_frame([sighting(0.0, 100)])
    (track,) = tracker.add_frame([sighting(0.2, 105)])
    assert len(track.sightings) == 2

    tracker.set_encoding((0.0, 100), person(1))
    own = tracker.set_encoding((0.2, 105), person(2))

    assert len(own.sightings) == 1
    assert [len(track.sightings) for track in tracker.tracks] == [1, 1]


def test_an_encoding_that_fits_stays_in_the_track() -> None:
    tracker = Tracker()
    tracker.add_frame([sighting(0.0, 100, person(1))])
    tracker.add_frame([sighting(0.2, 105)])

    track = tracker.set_encoding((0.2, 105), away(person(1), 0.3))

    assert len(track.encoded) == 2
    with pytest.raises(KeyError):
        tracker.set_encoding("never seen", person(1))


def test_frames_after_a_cut_start_anew() -> None:
    tracker = Tracker()
    tracker.add_frame([sighting(0.0, 100, person(1))])
    tracker.add_frame([sighting(0.1, 100, person(1))], after_cut=True)

    assert len(tracker.tracks) == 2


def test_a_face_that_leaves_its_track_after_a_cut_does_not_go_on() -> None:
    tracker = Tracker()
    tracker.add_frame([sighting(0.0, 100, person(1))])
    tracker.add_frame([sighting(0.1, 100)])
    tracker.add_frame([], after_cut=True)

    tracker.set_encoding((0.1, 100), person(2))
    (track,) = tracker.add_frame([sighting(0.2, 100, person(2))])

    assert len(track.sightings) == 1


def test_a_decided_track_is_encoded_again_only_for_a_clearly_better_picture() -> None:
    def seen(quality: float) -> Track:
        return Track((sighting(0, 0, person(1), quality=0.5), sighting(1, 0, quality=quality)))

    assert not needs_encoding(seen(0.6), is_decided=True)
    assert needs_encoding(seen(0.7), is_decided=True)
    assert needs_encoding(seen(0.3), is_decided=False)
    assert needs_encoding(Track((sighting(0, 0, quality=0.01),)), is_decided=True)
    assert not needs_encoding(Track((sighting(0, 0, person(1)),)), is_decided=False)


def test_an_undecided_track_is_not_encoded_for_ever() -> None:
    many = tuple(sighting(n, 0, person(1), quality=0.5) for n in range(MAX_ENCODINGS))

    assert not needs_encoding(Track((*many, sighting(99, 0, quality=0.5))), is_decided=False)
    assert needs_encoding(Track((*many, sighting(99, 0, quality=0.9))), is_decided=False)
