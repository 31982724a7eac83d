from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.engine import Engine
from pipeline.vision.gate import CandidateFace, GateLimits, Refusal, check_face, check_picture, foreground_faces
from pipeline.vision.geometry import Box
from pipeline.vision.matching import Gallery
from pipeline.vision.quality import FaceQuality
from tests.pipeline.vision.encodings import away, gallery, person
from tests.pipeline.vision.faces import candidates

ANNA, BEN = 1, 2
GOOD = FaceQuality(
    size_px=150, sharpness=0.3, brightness=130, contrast=45, clipped=0, yaw_deg=5, roll_deg=2, confidence=1
)
NOBODY = Gallery.empty()
FAMILY = gallery((ANNA, person(ANNA)), (BEN, person(BEN)))


def face(quality: FaceQuality = GOOD, left: int = 0, who: int = 9) -> CandidateFace:
    return CandidateFace(Box(0, left + quality.size_px, quality.size_px, left), quality, person(who))


def codes(refusals: list[Refusal]) -> list[str]:
    return [refusal.code for refusal in refusals]


def test_the_portraits_may_be_enrolled(engine: Engine, portrait_frames: list[UInt8Array]) -> None:
    for frame in portrait_frames:
        assert check_picture(candidates(engine, frame), NOBODY, None) == []


def test_a_picture_without_a_face_says_so() -> None:
    (refusal,) = check_picture([], NOBODY, None)

    assert refusal == Refusal("no_face", "no face found; use a picture that shows the face from the front", 0, 1)


def test_several_faces_are_offered_for_choice_from_left_to_right(
    engine: Engine, grace_hopper: UInt8Array, astronaut: UInt8Array
) -> None:
    enlarged = np.asarray(cv2.resize(astronaut, (1024, 1024)), np.uint8)[:600]
    faces = candidates(engine, np.concatenate([grace_hopper, enlarged], axis=1))

    (refusal,) = check_picture(faces, NOBODY, None)

    assert (refusal.code, refusal.severity, refusal.value, refusal.limit) == ("several_faces", "ask", 2, 1)
    assert refusal.detail == "2 faces found; choose one"
    left, right = refusal.boxes
    assert left.right < 512 < right.left
    assert all(check_face(found, NOBODY, None) == [] for found in foreground_faces(faces))


def test_small_faces_far_behind_and_doubtful_finds_are_not_the_subject() -> None:
    subject = face()
    behind, doubtful = face(replace(GOOD, size_px=40), 300), face(replace(GOOD, confidence=0.3), 600)

    assert foreground_faces([behind, subject, doubtful]) == [subject]
    assert foreground_faces([doubtful]) == [doubtful]
    assert check_picture([behind, subject, doubtful], NOBODY, None) == []


def test_a_blurred_portrait_is_refused(engine: Engine, grace_hopper: UInt8Array) -> None:
    blurred = np.asarray(cv2.GaussianBlur(grace_hopper, (0, 0), 6), np.uint8)

    (refusal,) = check_picture(candidates(engine, blurred), NOBODY, None)

    assert (refusal.code, refusal.severity, refusal.limit) == ("blurred", "refuse", 0.06)
    assert refusal.value < 0.06


def test_a_dark_portrait_is_refused(engine: Engine, grace_hopper: UInt8Array) -> None:
    dark = (grace_hopper * 0.2).astype(np.uint8)

    (refusal,) = check_picture(candidates(engine, dark), NOBODY, None)

    assert refusal.code == "too_dark"
    assert refusal.value < refusal.limit == 45


def test_a_small_portrait_is_refused(engine: Engine, astronaut: UInt8Array) -> None:
    small = np.asarray(cv2.resize(astronaut, (300, 300), interpolation=cv2.INTER_AREA), np.uint8)

    (refusal,) = check_picture(candidates(engine, small), NOBODY, None)

    assert refusal.code == "face_too_small"
    assert refusal.value < refusal.limit == 64


@pytest.mark.parametrize(
    ("quality", "code", "detail"),
    [
        (
            replace(GOOD, size_px=50),
            "face_too_small",
            "the face is 50 px wide, at least 64 are needed; use a larger or closer picture",
        ),
        (
            replace(GOOD, sharpness=0.02),
            "blurred",
            "the face is blurred (sharpness 0.020, at least 0.060); use a sharper picture",
        ),
        (
            replace(GOOD, brightness=20),
            "too_dark",
            "the face is too dark (brightness 20 of 255, at least 45); use more light",
        ),
        (
            replace(GOOD, yaw_deg=-52),
            "turned_away",
            "the face is turned away by about 52 degrees, at most 40; look towards the camera",
        ),
    ],
)
def test_every_reason_has_its_value_and_its_limit(quality: FaceQuality, code: str, detail: str) -> None:
    (refusal,) = check_picture([face(quality)], NOBODY, None)

    assert (refusal.code, refusal.detail, refusal.severity) == (code, detail, "refuse")


def test_all_reasons_are_given_at_once() -> None:
    bad = replace(GOOD, size_px=50, sharpness=0.01, brightness=10, yaw_deg=60)

    assert codes(check_picture([face(bad, who=ANNA)], FAMILY, None)) == [
        "face_too_small",
        "blurred",
        "too_dark",
        "turned_away",
        "looks_like_someone_else",
    ]


def test_a_limit_itself_is_good_enough() -> None:
    at_the_limits = replace(GOOD, size_px=64, sharpness=0.06, brightness=45, yaw_deg=-40)

    assert check_picture([face(at_the_limits)], FAMILY, None) == []
    assert codes(check_picture([face()], FAMILY, None, limits=GateLimits(min_face_px=200))) == ["face_too_small"]


def candidate(encoding: Float32Array) -> CandidateFace:
    return CandidateFace(Box(0, 150, 150, 0), GOOD, encoding)


def test_the_same_picture_again_is_a_duplicate() -> None:
    (refusal,) = check_face(candidate(away(person(ANNA), 0.04)), FAMILY, ANNA)

    assert (refusal.code, refusal.severity, refusal.person_id) == ("duplicate", "refuse", ANNA)
    assert refusal.detail == (
        "this picture is already among the person's samples (distance 0.04, a new one lies at least 0.10 away); "
        "use another one"
    )


def test_another_picture_of_the_same_person_is_welcome() -> None:
    assert check_face(candidate(away(person(ANNA), 0.4)), FAMILY, ANNA) == []


def test_somebody_new_who_looks_like_somebody_enrolled_is_asked_about() -> None:
    (refusal,) = check_face(candidate(away(person(ANNA), 0.5)), FAMILY, None)

    assert (refusal.code, refusal.severity, refusal.person_id) == ("looks_like_someone_else", "ask", ANNA)
    assert refusal.detail == (
        "the face is 0.50 from somebody else, nearer than the tolerance for the same person (0.60); is it right?"
    )


def test_a_picture_nearer_to_another_person_is_asked_about_even_if_it_is_theirs() -> None:
    for distance in (0.0, 0.3):
        (refusal,) = check_face(candidate(away(person(BEN), distance)), FAMILY, ANNA)

        assert (refusal.code, refusal.severity, refusal.person_id) == ("looks_like_someone_else", "ask", BEN)


def test_the_first_person_is_compared_with_nobody() -> None:
    assert check_face(candidate(person(ANNA)), NOBODY, None) == []
    assert check_face(candidate(person(ANNA)), NOBODY, ANNA) == []
