"""manage.py who_is_in"""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from events.models import Capture, Event
from faces.enrollment import add_sample
from faces.models import FaceSample, Person
from faces.people import change_person, create_person
from pipeline.demo.scene import paint_scene
from pipeline.management.commands.who_is_in import clock
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import decode_image
from tests.conftest import Portraits

pytestmark = pytest.mark.django_db

WIDTH, HEIGHT, FPS = 640, 480, 10


@pytest.fixture(scope="module")
def film(portraits: Portraits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of an empty door, one of Grace Hopper, another empty one, and one of Eileen Collins, half as large."""
    empty = paint_scene(WIDTH, HEIGHT)
    grace, astronaut = (decode_image(path.read_bytes()) for path in portraits)
    # Without the badge on her suit, which HOG takes for a face.
    visitors = [None, grace, None, astronaut[:240, 80:400]]
    path = tmp_path_factory.mktemp("films") / "door.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for visitor in visitors:
        for number in range(FPS):
            frame = empty if visitor is None else standing(empty, visitor, 150 + 4 * (number % 3))
            writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


def standing(empty: UInt8Array, visitor: UInt8Array, left: int) -> UInt8Array:
    small = cv2.resize(visitor, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    frame = empty.copy()
    frame[HEIGHT - small.shape[0] :, left : left + small.shape[1]] = small
    return frame


@pytest.fixture
def grace(portraits: Portraits, media: Path) -> Person:
    person = create_person("Grace Hopper")
    add_sample(person, portraits.grace_hopper.read_bytes())
    return person


def who_is_in(*words: object) -> str:
    out = StringIO()
    call_command("who_is_in", *(str(word) for word in words), stdout=out)
    return out.getvalue()


def facts(*words: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(who_is_in(*words, "--json"))
    return found


def test_each_stay_is_told_with_its_times_and_who_it_is(film: Path, grace: Person) -> None:
    told = facts(film)

    known, unknown = told["stays"]
    assert (told["frames"], told["length_s"], told["samples"]) == (40, 3.9, 1)
    assert (known["person"], known["person_id"], known["status"]) == ("Grace Hopper", grace.pk, "known")
    assert known["distance"] < 0.45
    assert 1.0 <= known["from_s"] < known["to_s"] <= 1.9
    assert (unknown["person"], unknown["person_id"], unknown["status"]) == (None, None, "unknown")
    assert unknown["distance"] > 0.6
    assert 3.0 <= unknown["from_s"] < unknown["to_s"] <= 3.9


def test_people_read_one_line_a_stay_and_a_summary(film: Path, grace: Person) -> None:
    heading, known, unknown, summary = who_is_in(film).splitlines()

    assert heading.split() == ["from", "to", "frames", "who"]
    assert known.split()[0].startswith("0:01.")
    assert "Grace Hopper, 0." in known
    assert "unknown, 0." in unknown
    assert unknown.endswith("from the nearest sample")
    assert summary == "40 frames, 0:03.9 long: Grace Hopper 1 x, unknown 1 x"


def test_nothing_is_stored(film: Path, grace: Person) -> None:
    who_is_in(film)

    assert (Event.objects.count(), Capture.objects.count(), FaceSample.objects.count()) == (0, 0, 1)


def test_a_blocked_visitor_is_told_as_such(film: Path, grace: Person) -> None:
    change_person(grace, is_blocked=True)

    assert "Grace Hopper (blocked) 1 x" in who_is_in(film)


def test_with_nobody_enrolled_everybody_is_unknown(film: Path) -> None:
    said = who_is_in(film).splitlines()

    assert said[-2:] == ["40 frames, 0:03.9 long: unknown 2 x", "Nobody is enrolled, so everybody is unknown."]


def test_fewer_frames_may_be_looked_at(film: Path, grace: Person) -> None:
    told = facts(film, "--fps", 5)

    assert told["frames"] == 20
    assert [stay["person"] for stay in told["stays"]] == ["Grace Hopper", None]


def test_a_picture_is_a_recording_too(portraits: Portraits, grace: Person) -> None:
    (stay,) = facts(portraits.grace_hopper)["stays"]

    assert (stay["person"], stay["frames"], stay["from_s"], stay["to_s"]) == ("Grace Hopper", 1, 0.0, 0.0)


def test_an_empty_scene_shows_nobody(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "empty.png"), paint_scene(WIDTH, HEIGHT))

    assert who_is_in(tmp_path).splitlines()[0] == "1 frame, 0:00.0 long: nobody to be seen"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.mp4", "camera '{}' is not there; check the path, or use 0, /dev/video0, rtsp://…, http://…"),
        ("notes.txt", "camera '{}' is a file, but its name does not end like a video's or a picture's"),
        ("broken.mp4", "camera '{}' cannot be read as a video"),
        ("empty", "camera '{}' holds no picture that can be read"),
    ],
)
def test_what_cannot_be_played_says_why(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    for each in ("notes.txt", "broken.mp4"):
        (tmp_path / each).write_text("no film")

    with pytest.raises(CommandError) as caught:
        who_is_in(tmp_path / name)

    assert str(caught.value).startswith(said.format(tmp_path / name))


@pytest.mark.parametrize("camera", ["0", "auto", "rtsp://user:secret@door/"])
def test_a_live_camera_is_no_recording(camera: str) -> None:
    with pytest.raises(CommandError, match="is a live camera; give a video file, a picture or a folder") as caught:
        who_is_in(camera)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00.0"), (59.96, "1:00.0"), (75.34, "1:15.3"), (3600, "60:00.0")])
def test_times_are_shown_as_players_show_them(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
