from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from pipeline.vision.quality import FaceQuality, confidence_of, measure_quality

Spoil = Callable[[UInt8Array], UInt8Array]


def measured(frame: UInt8Array, box: Box, spoil: Spoil | None = None, model: str = "small") -> FaceQuality:
    aligner = Aligner(model)
    landmarks = aligner.landmarks(frame, box)
    chip = aligner.chip(frame, landmarks)
    return measure_quality(spoil(chip) if spoil else chip, box, landmarks, 1.0)


def blurred(sigma: float) -> Spoil:
    return lambda chip: np.asarray(cv2.GaussianBlur(chip, (0, 0), sigma), np.uint8)


def brightened(factor: float) -> Spoil:
    return lambda chip: np.clip(chip * factor, 0, 255).astype(np.uint8)


@pytest.fixture(params=[0, 1], ids=["grace_hopper", "astronaut"])
def portrait(
    request: pytest.FixtureRequest, portrait_frames: list[UInt8Array], face_boxes: list[Box]
) -> tuple[UInt8Array, Box]:
    return portrait_frames[request.param], face_boxes[request.param]


def test_a_good_portrait_counts_nearly_fully(portrait: tuple[UInt8Array, Box]) -> None:
    quality = measured(*portrait)

    assert 0.8 < quality.score <= 1
    assert abs(quality.yaw_deg) < 10
    assert abs(quality.roll_deg) < 10
    assert quality.clipped < 0.01


@pytest.mark.parametrize("spoils", [[blurred(1.5), blurred(3), blurred(6)], [brightened(k) for k in (0.4, 0.15, 0.05)]])
def test_the_worse_the_chip_the_less_it_counts(portrait: tuple[UInt8Array, Box], spoils: list[Spoil]) -> None:
    scores = [measured(*portrait).score, *(measured(*portrait, spoil).score for spoil in spoils)]

    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.35


def test_a_burnt_out_face_counts_less(portrait: tuple[UInt8Array, Box]) -> None:
    quality = measured(*portrait, brightened(2.5))

    assert quality.clipped > 0.3
    assert quality.score < 0.7


def test_darkness_is_not_mistaken_for_blur(portrait: tuple[UInt8Array, Box]) -> None:
    assert measured(*portrait, brightened(0.4)).sharpness == pytest.approx(measured(*portrait).sharpness, rel=0.1)


@pytest.mark.parametrize("spoil", [lambda chip: chip * 0, lambda chip: chip * 0 + 255, lambda chip: chip * 0 + 128])
def test_a_chip_without_a_picture_counts_nothing(portrait: tuple[UInt8Array, Box], spoil: Spoil) -> None:
    assert measured(*portrait, spoil).score == 0


def test_a_smaller_face_counts_less(portrait: tuple[UInt8Array, Box]) -> None:
    frame, box = portrait
    scores = []
    for factor in (1.0, 0.5, 0.25):
        small = np.asarray(cv2.resize(frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
        scores.append(measured(small, box.scaled(factor)).score)

    assert scores == sorted(scores, reverse=True)


def test_roll_is_measured_clockwise_and_costs_nothing(portrait: tuple[UInt8Array, Box]) -> None:
    frame, box = portrait
    centre = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    turn = cv2.getRotationMatrix2D(centre, -20, 1.0)
    turned = np.asarray(cv2.warpAffine(frame, turn, frame.shape[1::-1]), np.uint8)

    straight, rolled = measured(frame, box), measured(turned, box)

    assert rolled.roll_deg - straight.roll_deg == pytest.approx(20, abs=5)
    assert rolled.score == pytest.approx(straight.score, abs=0.08)


def test_yaw_has_the_side_to_which_the_nose_points(portrait: tuple[UInt8Array, Box]) -> None:
    frame, box = portrait
    landmarks = Aligner().landmarks(frame, box)
    chip = Aligner().chip(frame, landmarks)
    pointed = landmarks.copy()
    pointed[4, 0] += 0.3 * np.abs(landmarks[0, 0] - landmarks[2, 0])

    turned = measure_quality(chip, box, pointed, 1.0)

    assert turned.yaw_deg > 30
    assert turned.score < 0.75 * measured(frame, box).score


def test_the_68_points_give_the_same_pose(portrait: tuple[UInt8Array, Box]) -> None:
    small, large = measured(*portrait), measured(*portrait, model="large")

    assert large.yaw_deg == pytest.approx(small.yaw_deg, abs=12)
    assert large.roll_deg == pytest.approx(small.roll_deg, abs=4)


def test_a_doubtful_find_counts_less(portrait_chips: UInt8Array, face_boxes: list[Box]) -> None:
    points = np.array([[4, 0], [3, 0], [0, 0], [1, 0], [2, 3]], np.float32) * 20

    sure, doubtful = (measure_quality(portrait_chips[0], face_boxes[0], points, c).score for c in (1.0, 0.3))

    assert doubtful == pytest.approx(0.3 * sure)


@pytest.mark.parametrize(("detector", "low", "high"), [("hog", 0.1, 1.5), ("cnn", 0.1, 1.05), ("yunet", 0.55, 0.93)])
def test_every_detectors_score_becomes_a_confidence(detector: str, low: float, high: float) -> None:
    assert 0 < confidence_of(detector, low) < 0.4
    assert confidence_of(detector, high) == 1
    assert confidence_of(detector, -5) == 0


def test_points_that_fell_together_are_no_error(portrait_chips: UInt8Array, face_boxes: list[Box]) -> None:
    quality = measure_quality(portrait_chips[0], face_boxes[0], np.zeros((5, 2), np.float32), 1.0)

    assert (quality.yaw_deg, quality.roll_deg) == (0, 0)
