from pathlib import Path

import numpy as np
import pytest

from pipeline.bench.errors import BenchError
from pipeline.bench.scenes import HEIGHT, WIDTH, door_scene, read_picture, write_scene
from tests.conftest import Portraits


@pytest.mark.parametrize("shape", [(600, 512, 3), (100, 1000, 3), (2000, 300, 3), (1, 1, 3), (720, 1280, 3)])
def test_a_picture_of_any_shape_fills_a_frame(shape: tuple[int, int, int]) -> None:
    frame = door_scene(np.full(shape, 200, np.uint8))
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert frame.dtype == np.uint8
    assert (frame == 200).any()


def test_the_picture_stands_whole_in_the_middle_before_a_darker_background() -> None:
    picture = np.full((300, 300, 3), 180, np.uint8)
    picture[:, :150] = (180, 0, 0)

    frame = door_scene(picture, 640, 480)

    is_left, is_right = (frame == (180, 0, 0)).all(axis=2), (frame == 180).all(axis=2)
    # The background is the picture at half its light.
    assert np.argwhere(is_left).min(axis=0).tolist() == [0, 80]
    assert np.argwhere(is_right).max(axis=0).tolist() == [479, 559]
    assert frame[:, :80].max() <= 90
    assert frame[:, 560:].max() <= 90


def test_a_picture_of_the_frames_size_is_the_frame() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    assert np.array_equal(door_scene(picture), picture)


def test_a_written_scene_is_read_back_to_the_pixel(portraits: Portraits, tmp_path: Path) -> None:
    path = write_scene(portraits.grace_hopper, tmp_path)
    assert path == tmp_path / "grace_hopper.png"
    assert np.array_equal(read_picture(path), door_scene(read_picture(portraits.grace_hopper)))


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.jpg").write_text("milk, bread")
    with pytest.raises(BenchError, match=r"notes\.jpg cannot be used: this is not a picture"):
        read_picture(tmp_path / "notes.jpg")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"none\.jpg cannot be used: .*No such file"):
        read_picture(tmp_path / "none.jpg")
