from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from pipeline.vision.arrays import Float32Array
from pipeline.vision.geometry import Box
from pipeline.vision.identity import Identity, IdentityStatus, identify, is_decisive, outcome
from pipeline.vision.matching import Gallery, Tolerances
from pipeline.vision.tracking import Sighting, Track
from tests.pipeline.vision.encodings import away, gallery, person

ANNA, BEN, EVE = 1, 2, 3
FAMILY = gallery((ANNA, person(ANNA)), (BEN, person(BEN)), (EVE, person(EVE)), blocked=(EVE,))


def seen(*encodings: Float32Array | None, qualities: tuple[float, ...] = ()) -> list[Sighting]:
    weights = qualities or (0.8,) * len(encodings)
    pairs = zip(encodings, weights, strict=True)
    return [Sighting(0.2 * n, Box(0, 90, 90, 0), quality, n, found) for n, (found, quality) in enumerate(pairs)]


def views(of: int, distance: float, count: int, seed: int = 0) -> list[Float32Array]:
    """Pictures of somebody, each this far from the sample, in directions of their own."""
    return [away(person(of), distance, seed=1000 + 100 * seed + n) for n in range(count)]


def test_one_clear_picture_names_a_person() -> None:
    identity = identify(seen(away(person(ANNA), 0.4)), FAMILY)

    assert (identity.status, identity.person_id, identity.evidence_frames) == ("known", ANNA, 1)
    assert identity.distance == pytest.approx(0.4, abs=1e-5)
    assert identity.margin is not None
    assert identity.margin > 1
    assert identity.reason == "0.40 from this person in 1 of 1 pictures"


def test_one_picture_at_the_tolerances_edge_names_nobody() -> None:
    identity = identify(seen(away(person(ANNA), 0.58)), FAMILY)

    assert (identity.status, identity.person_id) == ("unknown", None)
    assert identity.reason == (
        "nearest person 0.58 away, not clearly nearer (by 0.06) than the next person and the tolerance 0.60"
    )


def test_several_pictures_at_the_edge_that_agree_name_a_person() -> None:
    assert identify(seen(*views(ANNA, 0.58, 4)), FAMILY).person_id == ANNA


def test_beyond_the_tolerance_nobody_is_named() -> None:
    identity = identify(seen(away(person(ANNA), 0.65)), FAMILY)

    assert identity.status == "unknown"
    assert identity.distance == pytest.approx(0.65, abs=1e-5)
    assert identity.reason == "nearest person 0.65 away, tolerance 0.60"


def test_two_people_equally_near_name_nobody() -> None:
    twins = gallery((ANNA, person(ANNA)), (BEN, away(person(ANNA), 0.3)))
    halfway = (twins.encodings[0] + twins.encodings[1]) / 2

    assert identify(seen(away(halfway, 0.3, seed=5)), twins).status == "unknown"


def test_twins_are_told_apart_when_every_picture_agrees() -> None:
    twins = gallery((ANNA, person(ANNA)), (BEN, away(person(ANNA), 0.3)))
    nearer = twins.encodings[0] + np.float32(0.35) * (twins.encodings[1] - twins.encodings[0])

    pictures = [away(nearer, 0.3, seed=n) for n in range(27, 32)]

    assert all(identify(seen(picture), twins).status == "unknown" for picture in pictures)
    assert identify(seen(*pictures), twins).person_id == ANNA


def test_a_lucky_picture_among_many_unlike_ones_names_nobody() -> None:
    stranger = views(70, 0.3, 5)

    identity = identify(seen(away(person(ANNA), 0.3), *stranger), FAMILY)

    assert identity.status == "unknown"


@pytest.mark.parametrize("lucky", [ANNA, EVE])
def test_a_lucky_picture_names_nobody_even_where_the_mean_is_near(lucky: int) -> None:
    opposite = [away(person(lucky), 0.7, seed=5), 2 * person(lucky) - away(person(lucky), 0.7, seed=5)]
    others = [away(person(lucky), 0.7, seed=6), 2 * person(lucky) - away(person(lucky), 0.7, seed=6)]

    identity = identify(seen(away(person(lucky), 0.55, seed=8), *opposite, *others), FAMILY)

    assert identity.status == "unknown"
    assert identity.distance is not None
    assert identity.distance < 0.2


def test_a_name_is_withdrawn_when_better_pictures_disagree() -> None:
    blurred, sharp = away(person(ANNA), 0.45), views(80, 0.2, 2)

    first = identify(seen(blurred, qualities=(0.3,)), FAMILY)
    later = identify(seen(blurred, *sharp, qualities=(0.3, 0.9, 0.9)), FAMILY)

    assert first.person_id == ANNA
    assert later.status == "unknown"


def test_bad_pictures_do_not_withdraw_a_name() -> None:
    identity = identify(seen(*views(ANNA, 0.4, 2), *views(80, 0.2, 6), qualities=(0.8,) * 2 + (0.05,) * 6), FAMILY)

    assert identity.person_id == ANNA


def test_a_picture_too_bad_to_tell_names_nobody_known() -> None:
    identity = identify(seen(away(person(ANNA), 0.2), qualities=(0.05,)), FAMILY)

    assert identity.status == "unknown"
    assert identity.reason == "the pictures are too dark, blurred, small or averted to name anybody"


def test_one_person_enrolled_has_the_tolerances_edge_as_margin() -> None:
    alone = gallery((ANNA, person(ANNA)))

    near, edge = identify(seen(away(person(ANNA), 0.5)), alone), identify(seen(away(person(ANNA), 0.56)), alone)

    assert (near.person_id, near.margin) == (ANNA, None)
    assert edge.status == "unknown"


def test_a_blocked_person_is_checked_first_even_where_somebody_else_is_nearer() -> None:
    beside = gallery((ANNA, away(person(EVE), 0.2)), (EVE, person(EVE)), blocked=(EVE,))

    identity = identify(seen(away(person(EVE), 0.2)), beside)

    assert (identity.status, identity.person_id) == ("blocked", EVE)
    assert identity.reason == "0.20 from a blocked person (tolerance 0.50) in 1 of 1 pictures"


def test_a_blocked_person_needs_the_stricter_tolerance() -> None:
    assert identify(seen(away(person(EVE), 0.49)), FAMILY).status == "blocked"
    assert identify(seen(away(person(EVE), 0.51)), FAMILY).status == "unknown"


def test_two_pictures_of_a_blocked_person_among_many_others_are_enough() -> None:
    identity = identify(seen(*views(EVE, 0.45, 2), *views(90, 0.2, 8)), FAMILY)

    assert (identity.status, identity.person_id, identity.evidence_frames) == ("blocked", EVE, 2)


def test_one_lucky_picture_of_a_blocked_person_neither_alarms_nor_lets_a_name_stand() -> None:
    once = identify(seen(away(person(EVE), 0.45), *views(90, 0.2, 5)), FAMILY)
    beside_anna = identify(seen(away(person(EVE), 0.45), *views(ANNA, 0.3, 5)), FAMILY)

    assert once.status == "unknown"
    assert beside_anna.status == "unknown"
    assert beside_anna.reason == "a picture looks more like a blocked person"


def test_a_bad_picture_still_shows_a_blocked_person() -> None:
    assert identify(seen(away(person(EVE), 0.45), qualities=(0.02,)), FAMILY).status == "blocked"


@pytest.mark.parametrize("share", np.linspace(0, 1, 21).tolist())
@pytest.mark.parametrize("apart", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("count", [1, 4])
def test_whoever_is_nearer_to_a_blocked_person_is_never_known(share: float, apart: float, count: int) -> None:
    mixed = gallery((ANNA, person(ANNA)), (EVE, away(person(ANNA), apart, seed=7)), blocked=(EVE,))
    face = person(ANNA) + np.float32(share) * (mixed.encodings[1] - mixed.encodings[0])

    identity = identify(seen(*(away(face, 0.25, seed=n) for n in range(20, 20 + count))), mixed)

    if share > 0.5 or identity.status == "blocked":
        assert identity.person_id != ANNA


def test_the_order_of_the_frames_does_not_matter() -> None:
    frames = [*views(ANNA, 0.5, 4), away(person(BEN), 0.5), *views(60, 0.3, 2)]
    sightings = seen(*frames, qualities=(0.9, 0.3, 0.5, 0.7, 0.4, 0.2, 0.6))
    expected = identify(sightings, FAMILY)

    for seed in range(20):
        found = identify(random.Random(seed).sample(sightings, len(sightings)), FAMILY)
        assert (found.status, found.person_id) == (expected.status, expected.person_id)
        assert found.distance == pytest.approx(expected.distance, abs=1e-6)


@pytest.mark.parametrize("sightings", [[], seen(None)])
def test_a_face_without_an_encoding_is_unknown(sightings: list[Sighting]) -> None:
    identity = identify(sightings, FAMILY)

    assert identity == Identity("unknown", None, None, None, 0, "no picture of this face could be compared")


def test_with_nobody_enrolled_everybody_is_unknown() -> None:
    identity = identify(Track(tuple(seen(person(1)))), Gallery.empty())

    assert identity == Identity("unknown", None, None, None, 0, "nobody is enrolled to compare with")


def test_a_wider_tolerance_and_a_smaller_margin_move_the_rule() -> None:
    face = seen(away(person(ANNA), 0.62))

    assert identify(face, FAMILY).status == "unknown"
    assert identify(face, FAMILY, Tolerances(known=0.7)).person_id == ANNA
    assert identify(face, FAMILY, Tolerances(known=0.65)).status == "unknown"
    assert identify(face, FAMILY, Tolerances(known=0.65, margin=0.02)).person_id == ANNA


def test_only_alarms_and_plain_names_are_decided_early() -> None:
    def decisive(encoding: Float32Array) -> bool:
        return is_decisive(identify(seen(encoding), FAMILY))

    assert decisive(away(person(ANNA), 0.4))
    assert not decisive(away(person(ANNA), 0.52))
    assert not decisive(person(60))
    assert decisive(away(person(EVE), 0.49))


def of(status: IdentityStatus) -> Identity:
    return Identity(status, None, None, None, 0, "")


def test_the_outcome_is_the_worst_of_the_faces() -> None:
    statuses: tuple[IdentityStatus, ...] = ("blocked", "unknown", "known")

    assert outcome([]) == "no_face"
    for chosen in itertools.chain.from_iterable(itertools.combinations(statuses, n) for n in (1, 2, 3)):
        for order in itertools.permutations(chosen):
            assert outcome(map(of, order)) == chosen[0]
