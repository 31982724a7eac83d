from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from pipeline.bench.comparison import (
    FACE_SIZES_PX,
    TOLERANCE,
    Condition,
    Face,
    Tally,
    compare,
    conditions,
    labelled_faces,
    make_frame,
)
from pipeline.bench.errors import BenchError
from pipeline.bench.pictures import Household, Visit, load_household
from pipeline.bench.scenes import HEIGHT, WIDTH
from pipeline.vision.arrays import Float32Array
from pipeline.vision.engine import Engine, EngineConfig
from pipeline.vision.geometry import Box
from pipeline.vision.images import encode_png


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(EngineConfig(Path(settings.MODELS_DIR)))


@pytest.fixture(scope="module")
def faces(engine: Engine) -> list[Face]:
    return labelled_faces(load_household(None), engine)


@pytest.fixture
def face() -> Face:
    """Not a face to any detector: a square of red to the left and blue to the right, in a grey picture."""
    picture = np.full((400, 600, 3), 60, np.uint8)
    picture[100:200, 300:350] = (255, 0, 0)
    picture[100:200, 350:400] = (0, 0, 255)
    return Face(Path("square.png"), picture, Box(100, 400, 200, 300), "square", np.zeros(128, np.float32))


def condition(name: str) -> Condition:
    return next(each for each in conditions() if each.name == name)


def test_the_conditions_are_the_columns_of_the_table() -> None:
    assert [each.name for each in conditions()] == [
        "32 px", "48 px", "64 px", "96 px", "160 px", "dark", "blurred", "rolled 20 deg", "rolled 40 deg",
    ]  # fmt: skip
    assert [each.name for each in conditions([80])][:2] == ["80 px", "dark"]


@pytest.mark.parametrize("size", FACE_SIZES_PX)
def test_a_face_is_brought_to_its_size_in_the_middle_of_the_frame(face: Face, size: int) -> None:
    frame, box = make_frame(face, Condition("", size))
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert (box.width, box.height) == (size, size)
    colourful = np.ptp(frame.astype(int), axis=2) > 120
    rows, columns = np.nonzero(colourful)
    found = Box(int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1, int(columns.min()))
    assert found.iou(box) > 0.85


def test_a_roll_turns_the_face_about_its_middle(face: Face) -> None:
    """To the right, as the head of somebody who leans it on that shoulder: what was left goes up."""
    frame, box = make_frame(face, replace(condition("rolled 40 deg"), roll_deg=90.0))
    middle = (box.left + box.right) // 2
    assert frame[box.top + 20, middle].tolist() == [255, 0, 0]
    assert frame[box.bottom - 20, middle].tolist() == [0, 0, 255]


def test_darkness_takes_the_light_and_blur_the_edges(face: Face) -> None:
    plain, _ = make_frame(face, condition("96 px"))
    dark, _ = make_frame(face, condition("dark"))
    blurred, _ = make_frame(face, condition("blurred"))
    assert dark.mean() == pytest.approx(0.12 * plain.mean(), abs=1.5)
    steps = [np.abs(np.diff(frame.astype(int), axis=1)).max() for frame in (plain, blurred)]
    assert steps[1] < steps[0] / 4


def test_every_portrait_is_a_labelled_face(faces: list[Face]) -> None:
    assert [face.name for face in faces] == ["Grace Hopper", "Eileen Collins"]
    assert all(face.encoding.shape == (128,) for face in faces)
    assert np.linalg.norm(faces[0].encoding - faces[1].encoding) > TOLERANCE


def test_the_faces_of_a_visit_belong_to_whom_they_resemble_of_those_who_were_there(
    engine: Engine, shared: Path
) -> None:
    household = load_household(shared / "media")
    names = ("biden", "obama")
    enrolled = {name: household.enrolled[name][:1] for name in names}
    visits = tuple(visit for visit in household.visits if visit.path.name == "obama_and_biden.jpg")

    found = labelled_faces(Household(enrolled, visits), engine)

    assert [face.name for face in found[:2]] == list(names)
    # The stranger in the crowd has no name, and is no face to be recognised.
    assert sorted(face.name for face in found[2:]) == list(names)


def test_both_portraits_are_found_and_recognised_large_and_neither_tiny(engine: Engine, faces: list[Face]) -> None:
    large, tiny = compare(engine, faces, condition("160 px"), 64), compare(engine, faces, Condition("", 16), 64)
    assert (large.faces, large.found, large.recognized, large.wrong) == (2, 2, 2, 0)
    assert (tiny.faces, tiny.found, tiny.recognized, tiny.wrong) == (2, 0, 0, 0)
    assert len(large.times_ms) == 2
    assert large.median_ms > 0


def test_a_face_taken_for_another_person_is_counted_as_wrong(engine: Engine, faces: list[Face]) -> None:
    """Two pictures go by one name, and one of them shows the person of the third."""
    grace, eileen = faces
    mixed = [replace(grace, name="Somebody"), replace(grace, path=Path("other.jpg")), replace(eileen, name="Somebody")]
    tally = compare(engine, mixed, condition("160 px"), 64)
    assert (tally.found, tally.recognized, tally.wrong) == (3, 1, 1)


def far_from(encoding: Float32Array) -> Float32Array:
    return encoding + np.float32(1.0)


def test_a_face_that_resembles_nobody_is_found_and_not_recognised(engine: Engine, faces: list[Face]) -> None:
    unlike = [replace(faces[0], encoding=far_from(faces[0].encoding))]
    tally = compare(engine, unlike, condition("160 px"), 64)
    assert (tally.found, tally.recognized, tally.wrong) == (1, 0, 0)


def test_the_time_of_a_tally_is_the_median_of_its_frames() -> None:
    assert Tally(times_ms=[90.0, 10.0, 20.0]).median_ms == 20.0


def test_pictures_without_any_face_are_an_error_that_names_their_people(engine: Engine, tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    wall.write_bytes(encode_png(np.full((300, 300, 3), 99, np.uint8)))
    household = Household({"Anna": (wall,)}, (Visit(wall, ("Anna",)),))
    with pytest.raises(BenchError, match="no face was found in the pictures of Anna; take others"):
        labelled_faces(household, engine)


def test_a_person_in_whose_pictures_no_face_is_found_is_left_out(
    engine: Engine, faces: list[Face], tmp_path: Path
) -> None:
    wall = tmp_path / "wall.png"
    wall.write_bytes(encode_png(np.full((300, 300, 3), 99, np.uint8)))
    grace = faces[0].path
    household = Household({"Grace": (grace,), "Wall": (wall,)}, (Visit(faces[1].path, ("Wall",)),))
    assert [face.name for face in labelled_faces(household, engine)] == ["Grace"]
