"""No worse than face_recognition on every photograph at hand, and what holds for any of them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from pipeline.demo.scene import paint_scene
from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.engine import Engine, EngineConfig
from pipeline.vision.geometry import Box
from pipeline.vision.identity import identify
from pipeline.vision.images import decode_image, thumbnail
from pipeline.vision.matching import Gallery
from pipeline.vision.tracking import Sighting, group_into_tracks
from tests.pipeline.vision.faces import sightings
from tests.pipeline.vision.photographs import (
    MIN_FACE_PX,
    REFERENCE_TOLERANCE,
    Face,
    Photograph,
    encoding_of,
    gallery_of,
    is_enrolled,
    only,
)
from tests.pipeline.vision.reference import face_recognition

# Every photograph is searched before the first test, also where other programs share the processors.
pytestmark = pytest.mark.timeout(300)

SAME_FACE_IOU = 0.5


@pytest.fixture(scope="session")
def reference_faces(photographs: list[Photograph]) -> dict[Path, list[tuple[Box, Float32Array]]]:
    """What face_recognition finds and encodes in each photograph, as its users call it."""
    found = {}
    for photograph in photographs:
        places = face_recognition.face_locations(photograph.frame, number_of_times_to_upsample=1, model="hog")
        encodings = face_recognition.face_encodings(photograph.frame, places)
        found[photograph.path] = [(Box(*place), each) for place, each in zip(places, encodings, strict=True)]
    return found


def known_without(photograph: Photograph, encodings: dict[Path, Float32Array]) -> list[tuple[str, Float32Array]]:
    """The enrolled samples but this picture itself: nobody is compared with their own picture."""
    return [(path.parent.name, encoding) for path, encoding in encodings.items() if path != photograph.path]


def named_by_reference(
    photograph: Photograph, faces: dict[Path, list[tuple[Box, Float32Array]]], enrolled: list[Path]
) -> list[str]:
    known = known_without(photograph, {path: faces[path][0][1] for path in enrolled})
    names = []
    for _, encoding in faces[photograph.path]:
        distances = face_recognition.face_distance([sample for _, sample in known], encoding)
        if distances.min() <= REFERENCE_TOLERANCE:
            names.append(known[int(distances.argmin())][0])
    return names


def named_by_us(photograph: Photograph, faces: dict[Path, list[Sighting]], enrolled: list[Path]) -> list[str]:
    known = {path: encoding_of(faces[path][0]) for path in enrolled}
    gallery, people = gallery_of(known_without(photograph, known))
    found = [identify([seen], gallery).person_id for seen in faces[photograph.path]]
    return [people[person_id] for person_id in found if person_id is not None]


def test_every_face_that_the_reference_finds_is_found(
    photographs: list[Photograph],
    reference_faces: dict[Path, list[tuple[Box, Float32Array]]],
    our_faces: dict[Path, list[Sighting]],
) -> None:
    expected = [(path, box) for path, found in reference_faces.items() for box, _ in found]

    missed = [
        (path.name, box)
        for path, box in expected
        if not any(seen.box.iou(box) >= SAME_FACE_IOU for seen in our_faces[path])
    ]

    assert len(expected) == 23
    assert missed == []


def test_whoever_the_reference_names_rightly_is_named_rightly_and_nobody_wrongly(
    photographs: list[Photograph],
    reference_faces: dict[Path, list[tuple[Box, Float32Array]]],
    our_faces: dict[Path, list[Sighting]],
) -> None:
    enrolled = [each.path for each in photographs if is_enrolled(each)]
    right = 0
    for photograph in photographs:
        theirs = named_by_reference(photograph, reference_faces, enrolled)
        ours = named_by_us(photograph, our_faces, enrolled)
        right += len(photograph.shown.intersection(theirs))
        assert photograph.shown.intersection(theirs) <= set(ours) <= photograph.shown, photograph.path.name
        assert len(ours) == len(set(ours)), photograph.path.name

    # Everybody in every picture but the one person with a single photograph.
    assert right == 21


def test_a_file_becomes_the_encoding_that_face_recognition_makes_of_it(faces: list[Face]) -> None:
    for face in faces:
        box = face.seen.box
        picture = face_recognition.load_image_file(face.photograph.path)
        (expected,) = face_recognition.face_encodings(picture, [(box.top, box.right, box.bottom, box.left)])
        assert np.abs(face.encoding - expected).max() <= 1e-5, face.photograph.path.name


def test_a_frame_in_the_order_of_opencv_moves_every_face_away_from_itself(engine: Engine, faces: list[Face]) -> None:
    """By ten thousand times what the test above allows, so that no order of colours passes both."""
    for face in faces:
        swapped = np.ascontiguousarray(face.photograph.frame[..., ::-1])
        encoding = engine.encode(engine.chip(swapped, face.seen.box)[np.newaxis])[0]
        assert np.linalg.norm(encoding - face.encoding) > 0.05, face.photograph.path.name


def test_swapped_colours_keep_a_person_farther_from_their_other_pictures(engine: Engine, faces: list[Face]) -> None:
    def to_others(face: Face, encoding: Float32Array) -> list[float]:
        others = [each for each in faces if each.name == face.name and each.photograph is not face.photograph]
        return [float(np.linalg.norm(each.encoding - encoding)) for each in others]

    as_it_is, swapped = [], []
    for face in faces:
        picture = np.ascontiguousarray(face.photograph.frame[..., ::-1])
        as_it_is += to_others(face, face.encoding)
        swapped += to_others(face, engine.encode(engine.chip(picture, face.seen.box)[np.newaxis])[0])

    assert np.mean(swapped) > 1.05 * np.mean(as_it_is)


@pytest.mark.parametrize("edge", ["top", "right", "bottom", "left"])
def test_a_face_cut_by_any_edge_of_the_frame_has_a_box_that_clips_into_it(
    engine: Engine, grace_hopper: UInt8Array, face_boxes: list[Box], edge: str
) -> None:
    box = face_boxes[0]
    share = box.width // 6
    rows, columns = {
        "top": (slice(box.top + share, None), slice(None)),
        "right": (slice(None), slice(None, box.right - share)),
        "bottom": (slice(None, box.bottom - share), slice(None)),
        "left": (slice(None), slice(box.left + share, None)),
    }[edge]
    cut = np.ascontiguousarray(grace_hopper[rows, columns])
    (found,) = engine.detect(cut, MIN_FACE_PX)

    inside = found.box.clipped(*cut.shape[:2])

    assert found.box != inside
    assert cut[inside.top : inside.bottom, inside.left : inside.right].shape == (inside.height, inside.width, 3)
    assert inside.area > 0.6 * found.box.area
    assert thumbnail(cut, found.box).any()


def test_an_empty_door_has_no_face(engine: Engine) -> None:
    assert engine.detect(paint_scene(1280, 720), MIN_FACE_PX) == []


def test_another_engine_makes_the_same_of_the_same_picture(
    engine: Engine, models_dir: Path, our_faces: dict[Path, list[Sighting]], photographs: list[Photograph]
) -> None:
    other = Engine(EngineConfig(models_dir))
    for photograph in photographs[:3]:
        again = sightings(other, decode_image(photograph.path.read_bytes()), min_face_px=MIN_FACE_PX)
        assert [seen.box for seen in again] == [seen.box for seen in our_faces[photograph.path]]
        for first, second in zip(our_faces[photograph.path], again, strict=True):
            assert np.array_equal(encoding_of(first), encoding_of(second))


def names_of(seen: list[Sighting], gallery: Gallery) -> set[tuple[str, int | None]]:
    found = [identify(track, gallery) for track in group_into_tracks(seen)]
    return {(identity.status, identity.person_id) for identity in found}


def test_the_order_of_the_frames_does_not_change_who_was_there(
    photographs: list[Photograph], our_faces: dict[Path, list[Sighting]]
) -> None:
    """A visit of two people, then of others, whose frames come from the queue in any order."""
    enrolled = [each for each in photographs if is_enrolled(each)]
    gallery, people = gallery_of([(only(each.shown), encoding_of(our_faces[each.path][0])) for each in enrolled])
    visits = [each for each in photographs if not is_enrolled(each)]
    frames = [
        Sighting(3.0 * number, seen.box, seen.quality, (number, index), seen.encoding)
        for number, visit in enumerate(visits)
        for index, seen in enumerate(our_faces[visit.path])
    ]
    expected = names_of(frames, gallery)

    assert {status for status, _ in expected} == {"known", "unknown"}
    assert len({person_id for _, person_id in expected} - {None}) == len(people) - 1
    for seed in range(10):
        assert names_of(random.Random(seed).sample(frames, len(frames)), gallery) == expected
