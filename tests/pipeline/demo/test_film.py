from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from faces.engine import get_engine
from pipeline.demo import film
from pipeline.demo.film import COMING_S, EMPTY_S, FPS, HEIGHT, STAYING_S, VISIT_S, WIDTH, FilmError, film_frames
from pipeline.demo.portraits import EILEEN_COLLINS, GRACE_HOPPER, Portrait, PortraitMissing
from pipeline.demo.rings import NEAR_PX
from pipeline.demo.scene import paint_scene
from pipeline.vision.arrays import UInt8Array

AT_THE_DOOR_S = EMPTY_S + COMING_S + STAYING_S / 2


def frame_at(visitors: Sequence[Portrait], time_s: float) -> UInt8Array:
    frames = film_frames(visitors)
    return next(frame for number, frame in enumerate(frames) if number >= time_s * FPS)


@pytest.mark.parametrize("visitor", [GRACE_HOPPER, EILEEN_COLLINS], ids=lambda each: each.name)
def test_visitor_at_the_door_has_one_face_large_enough_to_ring(visitor: Portrait) -> None:
    faces = get_engine().detect(frame_at([visitor], AT_THE_DOOR_S), min_face_px=64)
    widths = [face.box.right - face.box.left for face in faces]
    assert len(widths) == 1
    assert widths[0] >= NEAR_PX


def test_each_visit_begins_and_ends_with_an_empty_door() -> None:
    empty = paint_scene(WIDTH, HEIGHT).astype(np.int16)
    frames = [frame.astype(np.int16) for frame in film_frames([GRACE_HOPPER])]
    assert len(frames) == round(VISIT_S * FPS)
    for frame in (frames[0], frames[-1]):
        assert np.abs(frame - empty).max() < 8 * film.NOISE_SIGMA


def test_film_is_the_same_every_time() -> None:
    assert np.array_equal(frame_at([GRACE_HOPPER], AT_THE_DOOR_S), frame_at([GRACE_HOPPER], AT_THE_DOOR_S))


def test_film_can_be_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [paint_scene(WIDTH, HEIGHT)] * 3
    monkeypatch.setattr(film, "film_frames", lambda _visitors: iter(frames))
    path = film.make_film(tmp_path / "visitors.mp4", [GRACE_HOPPER])
    video = cv2.VideoCapture(str(path))
    assert (video.get(cv2.CAP_PROP_FPS), video.get(cv2.CAP_PROP_FRAME_COUNT)) == (FPS, 3)
    is_read, frame = video.read()
    video.release()
    assert is_read
    assert np.abs(frame[..., ::-1].astype(np.int16) - frames[0]).mean() < 6  # RGB went in, RGB comes out


def test_film_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(_visitors: object) -> UInt8Array:
        raise MemoryError

    monkeypatch.setattr(film, "film_frames", break_off)
    with pytest.raises(MemoryError):
        film.make_film(tmp_path / "visitors.mp4", [GRACE_HOPPER])
    assert list(tmp_path.iterdir()) == []


def test_film_that_cannot_be_opened_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2.VideoWriter, "fourcc", lambda *_letters: 0)
    with pytest.raises(FilmError, match=r"visitors\.xyz cannot be written; is the disk full"):
        film.make_film(tmp_path / "visitors.xyz", [GRACE_HOPPER])


def test_missing_portrait_says_what_brings_it() -> None:
    missing = Portrait("Nobody", "no_such_package", "nobody.jpg", (), 1)
    with pytest.raises(PortraitMissing) as caught:
        missing.path()
    assert str(caught.value) == (
        "nobody.jpg of the package no_such_package is missing; ./doorbell demo installs requirements/demo.txt"
    )
