"""Who becomes a person, and on which list."""

from typing import Any

import numpy as np

from migration.legacy.encodings import Float64Array
from migration.legacy.face_database import FiledFace, FiledPerson
from migration.planning.people import People, plan_people
from migration.planning.values import Doubt, EnrolledFace, ReviewPlan, Verdict
from tests.migration.houses import vector


def near(seed: int, distance: float) -> Float64Array:
    """An encoding at about `distance` from `vector(seed)`."""
    other = vector(seed + 1000)
    return vector(seed) + distance * other / np.linalg.norm(other)


def face(name: str, encoding: Any, *, is_blocked: bool = False, key: str | None = None) -> EnrolledFace:
    encoding = np.asarray(vector(encoding) if isinstance(encoding, int) else encoding, np.float32)
    keys = (key or f"picture:{name}",)
    return EnrolledFace(name, is_blocked, encoding, 0.8, keys, f"data/{name}.jpg", f"data/{name}.jpg")


def blocked(name: str, encoding: Any) -> EnrolledFace:
    return face(name, encoding, is_blocked=True, key=f"picture:blocked-{name}")


def filed(person_id: str, name: str | None, encoding: Any, *, is_blocked: bool | None = False) -> FiledPerson:
    encoding = vector(encoding) if isinstance(encoding, int) else encoding
    return FiledPerson(person_id, name, is_blocked, (FiledFace(1, encoding, 0.5),))


def planned(
    known: list[EnrolledFace] | None = None,
    blocked: list[EnrolledFace] | None = None,
    filed: list[FiledPerson] | None = None,
    doubtful: list[ReviewPlan] | None = None,
) -> People:
    return plan_people(blocked or [], known or [], filed or [], doubtful or [])


def people_of(found: People) -> dict[str, tuple[bool, int]]:
    return {person.name: (person.is_blocked, len(person.faces)) for person in found.people}


def test_a_display_name_and_the_web_pages_file_are_one_person() -> None:
    found = planned([face("sam_carter_20250918_190412", 1), face("Sam Carter", 2)])
    (person,) = found.people
    assert person.name == "Sam Carter"
    assert person.aliases[:2] == ("Sam Carter", "sam_carter_20250918_190412")


def test_a_numbered_file_is_the_same_person_when_the_faces_agree() -> None:
    found = planned([face("jon", 1), face("jon_2", near(1, 0.39))])
    assert people_of(found) == {"jon": (False, 2)}
    assert set(found.people[0].aliases) == {"jon", "jon_2"}


def test_a_numbered_file_with_another_face_is_somebody_else() -> None:
    found = planned([face("jon", 1), face("jon_2", 2)])
    assert people_of(found) == {"jon": (False, 1), "jon_2": (False, 1)}


def test_two_spellings_of_one_name_are_one_person_with_two_pictures() -> None:
    found = planned([face("Zoë", 1, key="a"), face("Zoe\u0308", near(1, 0.4), key="b")])
    assert people_of(found) == {"Zoë": (False, 2)}


def test_the_same_picture_under_another_name_is_not_enrolled_twice() -> None:
    found = planned([face("alice copy", 1, key="same"), face("alice", 1, key="same")])
    assert people_of(found) == {"alice": (False, 1)}
    (note,) = found.notes
    assert (note.source, note.verdict) == ("data/alice copy.jpg", Verdict.SKIPPED)
    assert note.reason == "the same picture as data/alice.jpg, which is 'alice'"
    assert found.people[0].aliases == ("alice", "alice copy"), "old visits may carry either name"


def test_a_name_of_a_picture_that_was_there_twice_stays_with_whom_it_is_the_name_of() -> None:
    found = planned([face("bob", 1, key="same"), face("alice", 1, key="same"), face("alice", 2)])
    assert {person.name: person.aliases for person in found.people} == {"bob": ("bob",), "alice": ("alice",)}


def test_a_known_face_that_looks_like_a_blocked_one_comes_with_a_warning() -> None:
    found = planned([face("Ann", near(1, 0.3))], [blocked("Bob", 1)])
    assert people_of(found) == {"Bob": (True, 1), "Ann": (False, 1)}
    remark = found.people[1].faces[0].remark
    assert remark == "looks like 'Bob', who is blocked (distance 0.30): the alarm goes first"


def test_names_that_cannot_be_names_here_become_the_nearest_that_can() -> None:
    found = planned([face("<b>x</b>", 1), face("b x b", 2), face(" ", 3)])
    assert people_of(found) == {"b x b": (False, 1), "b x b 2": (False, 1)}
    (review,) = found.reviews
    assert review.doubt is Doubt.BAD_NAME
    remarks = [face.remark for person in found.people for face in person.faces]
    assert any("cannot be a name here" in remark for remark in remarks)


def test_an_encoding_of_faces_db_that_is_there_already_only_brings_its_names() -> None:
    found = planned([face("grandpa_joe", 1)], filed=[filed("gj", "Grandpa Joe", 1)])
    (person,) = found.people
    assert person.name == "grandpa_joe", "the caches are the truth about names"
    assert {"gj", "Grandpa Joe"} <= set(person.aliases)
    assert len(person.faces) == 1


def test_somebody_who_is_only_in_faces_db_is_enrolled() -> None:
    found = planned(filed=[filed("max_1", "Max", 1)])
    assert people_of(found) == {"Max": (False, 1)}
    assert found.people[0].faces[0].picture is None


def test_somebody_without_a_name_is_asked_about_and_never_called_none() -> None:
    found = planned(filed=[filed("person_0007", None, 1)])
    assert found.people == []
    (review,) = found.reviews
    assert (review.doubt, review.name, review.aliases) == (Doubt.UNNAMED, "person_0007", ("person_0007",))


def test_a_list_that_is_neither_yes_nor_no_is_asked_about_as_blocked() -> None:
    (review,) = planned(filed=[filed("x", "X", 1, is_blocked=None)]).reviews
    assert (review.doubt, review.is_blocked) == (Doubt.UNCLEAR_LIST, True)


def test_faces_db_does_not_bring_a_blocked_face_back_as_trusted() -> None:
    found = planned(filed=[filed("bad", "Agent X", 1, is_blocked=True), filed("good", "Same Name", near(1, 0.0))])
    assert people_of(found) == {"Agent X": (True, 1)}
    assert "Same Name" in found.people[0].aliases


def test_faces_db_does_not_bring_back_who_was_removed() -> None:
    removed = ReviewPlan(
        Doubt.REMOVED, "picture:x:0", "data/x.jpg", "", "Rosa", encoding=vector(1).astype(np.float32), aliases=("rosa",)
    )
    found = planned(filed=[filed("rosa", "Rosalind", 1)], doubtful=[removed])
    assert found.people == []
    assert {review.doubt for review in found.reviews} == {Doubt.REMOVED, Doubt.BOTH_LISTS}


def test_whoever_faces_db_blocks_is_blocked() -> None:
    found = planned([face("Vic", 1)], filed=[filed("vic", "Vic", 1, is_blocked=True)])
    assert people_of(found) == {"Vic": (True, 1)}


def test_a_namesake_in_faces_db_with_another_face_is_asked_about() -> None:
    found = planned([face("Alice", 1)], filed=[filed("alice", "Alice", 2)])
    assert people_of(found) == {"Alice": (False, 1)}
    assert found.reviews[0].doubt is Doubt.UNLIKE


def test_a_removed_picture_of_a_blocked_person_is_suggested_for_that_person_alone() -> None:
    removed = ReviewPlan(Doubt.REMOVED, "picture:x:0", "x", "", "rosa_lindt", aliases=("rosa_lindt_20250919_180000",))
    found = planned(blocked=[blocked("Rosa Lindt", 1)], doubtful=[removed])
    (review,) = found.reviews
    assert (review.name, review.is_blocked) == ("Rosa Lindt", True)
    assert "rosa_lindt_20250919_180000" in found.people[0].aliases


def test_a_numbered_picture_in_doubt_is_suggested_for_the_person_whose_face_it_shows() -> None:
    unseen = ReviewPlan(
        Doubt.UNSEEN, "k", "jon_3.jpeg", "", "jon_3", aliases=("jon_3",), encoding=near(1, 0.4).astype(np.float32)
    )
    found = planned([face("jon", 1)], doubtful=[unseen])
    assert found.reviews[0].name == "jon"
    assert "jon_3" not in found.people[0].aliases, "that is for the owner to say"
