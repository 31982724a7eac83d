from pathlib import Path

import pytest

from pipeline.bench.errors import BenchError
from pipeline.bench.pictures import CLIP, SHOWN, STRANGERS_IN, Visit, find_media, load_household
from tests.conftest import Portraits


def put(folder: Path, *names: str) -> None:
    """Files whose bytes nobody reads here."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_without_a_folder_the_two_portraits_are_enrolled_and_visit(portraits: Portraits) -> None:
    household = load_household(None)
    assert household.enrolled == {
        "Grace Hopper": (portraits.grace_hopper,),
        "Eileen Collins": (portraits.astronaut,),
    }
    assert [visit.names for visit in household.visits] == [("Grace Hopper",), ("Eileen Collins",)]
    assert household.clip is None


def test_portraits_that_are_not_installed_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.demo.portraits.find_spec", lambda name: None)
    with pytest.raises(BenchError, match=r"of the package matplotlib is missing; \./doorbell demo installs"):
        load_household(None)


def test_the_photographs_at_hand_are_people_visits_and_a_clip(shared: Path) -> None:
    household = load_household(shared / "media")
    assert {name: len(paths) for name, paths in household.enrolled.items()} == {
        "alex_lacamoire": 2, "biden": 2, "kit_harington": 2, "lin_manuel_miranda": 1, "obama": 2, "rose_leslie": 2,
    }  # fmt: skip
    assert {visit.path.name: visit.names for visit in household.visits} == SHOWN
    assert {visit.path.name for visit in household.visits if visit.has_strangers} == STRANGERS_IN
    assert household.clip == shared / "media" / CLIP


def test_a_folder_of_ones_own_has_its_first_pictures_as_visits(tmp_path: Path) -> None:
    put(tmp_path, "enroll/Anna/1.jpg", "enroll/Anna/2.jpg", "enroll/Ben/b.png", "visits/party.jpg")
    household = load_household(tmp_path)
    enroll = tmp_path / "enroll"
    assert household.enrolled == {
        "Anna": (enroll / "Anna" / "1.jpg", enroll / "Anna" / "2.jpg"),
        "Ben": (enroll / "Ben" / "b.png",),
    }
    assert household.visits == (Visit(enroll / "Anna" / "1.jpg", ("Anna",)), Visit(enroll / "Ben" / "b.png", ("Ben",)))
    assert household.clip is None


def test_visits_of_people_who_are_not_enrolled_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "enroll/obama/1.jpg", "visits/obama1.jpg", "visits/two_people.jpg")
    assert [visit.path.name for visit in load_household(tmp_path).visits] == ["obama1.jpg"]


def test_people_without_pictures_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "enroll/Anna/1.jpg", "enroll/Anna/.DS_Store", "enroll/Ben/.DS_Store")
    (tmp_path / "enroll" / "Eve").mkdir()
    assert load_household(tmp_path).enrolled == {"Anna": (tmp_path / "enroll" / "Anna" / "1.jpg",)}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"nowhere is not a folder; name one with enroll/NAME/ in it"):
        load_household(tmp_path / "nowhere")


def test_a_folder_without_people_says_where_pictures_go(tmp_path: Path) -> None:
    put(tmp_path, "holiday.jpg")
    with pytest.raises(BenchError, match=r"has no people; put pictures in .*/enroll/NAME/, or leave --media out"):
        load_household(tmp_path)


def test_the_folder_given_is_taken_wherever_the_process_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_media(Path("pictures")) == tmp_path / "pictures"


def test_without_one_the_environment_names_it_and_else_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORBELL_SHARED", str(tmp_path))
    assert find_media(None) is None
    (tmp_path / "media" / "enroll").mkdir(parents=True)
    assert find_media(None) == tmp_path / "media"
