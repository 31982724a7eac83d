"""Who is both known and blacklisted is blocked."""

from dataclasses import replace

import numpy as np

from migration.planning.values import Doubt, Verdict
from tests.migration.houses import vector
from tests.migration.planning.test_people import blocked, face, near, people_of, planned


def test_a_picture_on_both_lists_is_enrolled_once_and_blocked() -> None:
    found = planned([face("alice copy", 1)], [blocked("Alice", 1)])
    (alice,) = found.people
    assert (alice.name, alice.is_blocked, alice.aliases) == ("Alice", True, ("Alice", "alice copy"))
    (enrolled,) = alice.faces
    assert enrolled.keys == ("picture:blocked-Alice", "picture:alice copy"), "it is the same picture at the next import"
    assert (enrolled.source, enrolled.remark) == (
        "data/alice copy.jpg",
        "'Alice' is on both lists: enrolled as blocked",
    )
    (note,) = found.notes
    assert (note.kind, note.source, note.verdict) == ("blocked face", "data/Alice.jpg", Verdict.SKIPPED)
    assert note.reason == "the same picture as data/alice copy.jpg: 'Alice' is on both lists, and the blacklist wins"


def test_the_blacklists_encoding_is_the_one_that_is_kept() -> None:
    found = planned([face("alice", near(1, 0.0005))], [blocked("Alice", 1)])
    (enrolled,) = found.people[0].faces
    assert np.array_equal(enrolled.encoding, vector(1).astype(np.float32))


def test_of_a_face_without_a_picture_the_blacklists_picture_is_kept() -> None:
    found = planned([replace(face("alice", 1), picture=None)], [blocked("Alice", 1)])
    assert found.people[0].faces[0].source == "data/Alice.jpg"
    (note,) = found.notes
    assert note.reason == "the same picture is on the blacklist as 'Alice': the blacklist wins"


def test_further_pictures_of_who_is_on_the_blacklist_by_name_and_picture_are_blocked_too() -> None:
    known = [face("alice", 1), face("alice_20250101_000000", 2), face("alice copy", 1, key="picture:alice")]
    found = planned(known, [blocked("Alice", 1)])
    assert people_of(found) == {"Alice": (True, 2)}
    assert found.reviews == []
    assert set(found.people[0].aliases) == {"Alice", "alice", "alice_20250101_000000", "alice copy"}
    remark = found.people[0].faces[1].remark
    assert remark.startswith("'Alice' is on both lists: enrolled as blocked, though it lies ")


def test_whose_picture_is_on_the_blacklist_under_another_name_is_blocked() -> None:
    found = planned([face("bob", 1), face("Bob", near(1, 0.4))], [blocked("Vic", 1)])
    assert people_of(found) == {"Vic": (True, 2)}
    assert found.people[0].aliases == ("Vic", "bob", "Bob")


def test_another_face_under_a_name_whose_picture_is_on_the_blacklist_is_asked_about() -> None:
    found = planned([face("bob", 1), face("Bob", 2)], [blocked("Vic", 1)])
    assert people_of(found) == {"Vic": (True, 1)}
    (review,) = found.reviews
    assert (review.doubt, review.name, review.is_blocked) == (Doubt.BOTH_LISTS, "Vic", True)


def test_a_known_name_on_the_blacklist_with_an_agreeing_face_is_blocked() -> None:
    found = planned([face("rosa_lindt_20250919_180000", near(1, 0.4))], [blocked("Rosa Lindt", 1)])
    assert people_of(found) == {"Rosa Lindt": (True, 2)}


def test_a_known_name_on_the_blacklist_with_another_face_is_asked_about() -> None:
    found = planned([face("alice_20250101_000000", 2)], [blocked("Alice", 1)])
    assert people_of(found) == {"Alice": (True, 1)}
    (review,) = found.reviews
    assert (review.doubt, review.name, review.is_blocked) == (Doubt.BOTH_LISTS, "Alice", True)
    assert review.reason == "'Alice' is on the blacklist, with another face"
