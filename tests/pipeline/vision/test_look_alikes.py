"""Strangers who resemble somebody enrolled, and single frames that do: nobody gets another's name."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.engine import Engine
from pipeline.vision.identity import identify
from pipeline.vision.images import decode_image, encode_jpeg
from pipeline.vision.quality import measure_quality
from pipeline.vision.tracking import Sighting, Track
from tests.pipeline.vision.photographs import STRANGER, Face, distance, gallery_of

# Every photograph is searched before the first test, also where other programs share the processors.
pytestmark = pytest.mark.timeout(300)


def spoiled() -> dict[str, Callable[[UInt8Array], UInt8Array]]:
    """What makes faces resemble one another, done to a chip."""
    return {
        "as it is": lambda chip: chip,
        "small": lambda chip: np.asarray(cv2.resize(cv2.resize(chip, (40, 40)), chip.shape[:2]), np.uint8),
        "dark": lambda chip: (chip // 4).astype(np.uint8),
        "blurred": lambda chip: np.asarray(cv2.GaussianBlur(chip, (0, 0), 2), np.uint8),
        "compressed": lambda chip: decode_image(encode_jpeg(chip, quality=15)),
        "mirrored": lambda chip: np.ascontiguousarray(chip[:, ::-1]),
    }


def look_alikes(faces: list[Face]) -> list[tuple[Face, Face]]:
    """The ten pairs of different people who come nearest to each other, in both orders."""
    pairs = [(one, other) for one, other in itertools.permutations(faces, 2) if one.name != other.name]
    return sorted(pairs, key=lambda pair: distance(pair[0].seen, pair[1].seen))[:20]


@pytest.mark.parametrize("how", spoiled())
def test_of_two_who_look_alike_one_is_enrolled_and_the_other_is_not_named(
    engine: Engine, faces: list[Face], how: str
) -> None:
    for enrolled, other in look_alikes(faces):
        gallery, _ = gallery_of([(face.name, face.encoding) for face in faces if face.name == enrolled.name])
        frame, box = other.photograph.frame, other.seen.box
        landmarks = engine.landmarks(frame, box)
        chip = spoiled()[how](engine.chip(frame, landmarks))
        quality = measure_quality(chip, box, landmarks, 1.0).score
        seen = Sighting(0.0, box, quality, how, engine.encode(chip[np.newaxis])[0])
        assert identify(burst(seen), gallery).status == "unknown", (enrolled.name, other.photograph.path.name)


def test_the_nearest_of_two_different_people_at_hand_lie_beyond_the_tolerance(faces: list[Face]) -> None:
    one, other = look_alikes(faces)[0]
    assert 0.6 < distance(one.seen, other.seen) < 0.7


def burst(seen: Sighting) -> Track:
    """Five frames that show the same, so that no single one decides."""
    return Track(tuple(Sighting(0.2 * n, seen.box, seen.quality, n, seen.encoding) for n in range(5)))


def test_nobody_at_hand_is_named_as_the_one_person_who_is_enrolled_by_one_picture(faces: list[Face]) -> None:
    for enrolled, other in itertools.permutations(faces, 2):
        gallery, _ = gallery_of([(enrolled.name, enrolled.encoding)])
        if enrolled.name != other.name:
            assert identify(burst(other.seen), gallery).status == "unknown", (enrolled.name, other.photograph.path)


@pytest.mark.parametrize("count", [3, 5, 9])
def test_a_single_picture_of_somebody_enrolled_among_others_of_a_stranger_names_nobody(
    faces: list[Face], count: int
) -> None:
    """The very sample as one frame of another person's track: of three frames, the mean is often within tolerance."""
    for lucky in faces:
        gallery, _ = gallery_of([(face.name, face.encoding) for face in faces if face.name == lucky.name])
        strangers = [face for face in faces if face.name not in (lucky.name, STRANGER)]
        for name in {face.name for face in strangers}:
            pictures = itertools.cycle(face.encoding for face in strangers if face.name == name)
            shown = [lucky.encoding, *itertools.islice(pictures, count - 1)]
            track = [Sighting(0.2 * n, lucky.seen.box, 0.8, n, encoding) for n, encoding in enumerate(shown)]
            assert identify(track, gallery).status == "unknown", (lucky.photograph.path.name, name)
