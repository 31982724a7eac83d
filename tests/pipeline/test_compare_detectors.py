"""manage.py compare_detectors"""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import cv2
import pytest
from django.core.management import CommandError, call_command

from events.models import Camera
from pipeline.management.commands.compare_detectors import CAMERA_MIN_FACE_PX
from tests.conftest import Portraits

NOT_INSTALLED = "yunet is not installed; `./doorbell manage fetch_models` brings it"
CONDITIONS = ["96 px", "dark", "blurred", "rolled 20 deg", "rolled 40 deg"]


@pytest.fixture(autouse=True)
def _two_portraits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, portraits: Portraits) -> None:
    """As on a machine that has no other pictures."""
    monkeypatch.setenv("DOORBELL_SHARED", str(tmp_path / "nowhere"))


@pytest.fixture(autouse=True)
def _threads_given_back() -> Iterator[None]:
    """The command takes one thread for the whole process."""
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def compare_detectors(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("compare_detectors", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_has_a_row_for_each_detector_and_each_smallest_face() -> None:
    told, _ = compare_detectors("--detectors", "hog", "--sizes", "96", "--min-face-px", "64", "96")
    first, counted, _, heading, rule, *rows = told.splitlines()
    assert first.startswith("2 faces of 2 people; ")
    assert counted == "found / recognised"
    assert cells(heading) == ["detector", "smallest", *CONDITIONS, "ms"]
    assert cells(rule) == ["---"] * len(cells(heading))
    assert [cells(row)[:3] for row in rows] == [["hog", "64 px", "2 / 2"], ["hog", "96 px", "2 / 2"]]
    assert all(len(cells(row)) == len(cells(heading)) for row in rows)


def test_faces_are_looked_for_down_to_the_size_that_a_new_camera_has() -> None:
    assert Camera._meta.get_field("min_face_px").default == CAMERA_MIN_FACE_PX


def test_json_has_the_counts_of_each_condition() -> None:
    told, _ = compare_detectors("--json", "--detectors", "hog", "--sizes", "96", "32")
    report = json.loads(told)
    assert report["faces"] == 2
    assert report["machine"]["cores"] >= 1
    (row,) = report["rows"]
    assert (row["detector"], row["min_face_px"]) == ("hog", 64)
    assert row["ms"] > 0
    assert list(row["conditions"]) == ["96 px", "32 px", *CONDITIONS[1:]]
    assert row["conditions"]["96 px"] == {"faces": 2, "found": 2, "recognized": 2, "wrong": 0}
    assert row["conditions"]["32 px"] == {"faces": 2, "found": 0, "recognized": 0, "wrong": 0}


def test_yunet_sees_faces_that_hog_does_not(shared: Path) -> None:
    told, _ = compare_detectors(
        "--json", "--detectors", "hog", "yunet", "--sizes", "32", "--models", str(shared / "models")
    )
    found = {row["detector"]: row["conditions"]["32 px"]["found"] for row in json.loads(told)["rows"]}
    assert found == {"hog": 0, "yunet": 2}


def test_yunet_is_left_out_with_the_reason_where_it_is_not_installed() -> None:
    told, warned = compare_detectors("--detectors", "yunet", "hog", "--sizes", "96")
    assert warned == f"yunet is left out: {NOT_INSTALLED}\n"
    assert [cells(line)[0] for line in told.splitlines()[5:]] == ["hog"]


def test_yunet_alone_where_it_is_not_installed_is_an_error() -> None:
    with pytest.raises(CommandError) as refusal:
        compare_detectors("--detectors", "yunet")
    assert str(refusal.value) == NOT_INSTALLED


def test_an_unknown_detector_is_refused_with_those_known() -> None:
    with pytest.raises(CommandError, match=r"invalid choice: 'haar' \(choose from .*hog.*cnn.*yunet"):
        compare_detectors("--detectors", "haar")


@pytest.mark.parametrize("option", ["--sizes", "--min-face-px"])
@pytest.mark.parametrize("size", ["0", "15", "-64", "large", "64.5"])
def test_a_size_that_no_face_can_have_is_refused(option: str, size: str) -> None:
    with pytest.raises(CommandError, match=f"'{size}' is no size of a face; use 16 pixels or more"):
        compare_detectors(f"{option}={size}")


def test_a_folder_of_pictures_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"/gone is not a folder"):
        compare_detectors("--detectors", "hog", "--media", str(tmp_path / "gone"))


def test_a_file_among_the_pictures_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "enroll" / "Anna").mkdir(parents=True)
    (tmp_path / "enroll" / "Anna" / "notes.txt").write_text("milk, bread")
    with pytest.raises(CommandError, match=r"Anna/notes\.txt cannot be used: this is not a picture"):
        compare_detectors("--detectors", "hog", "--media", str(tmp_path))
