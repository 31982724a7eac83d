"""Facts A.4's table, row by row."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from migration.legacy.caches import Cache, CachedFace
from migration.legacy.faces_seen import SeenFace, SeenPicture
from migration.legacy.tree import Entry, EntryKind
from migration.planning.enrolled import FaceList, Reconciled, reconcile
from migration.planning.values import Doubt
from pipeline.vision.geometry import Box
from tests.migration.houses import vector

CACHED_AT = 1000.0
BOX = Box(10, 60, 60, 10)


def picture(name: str, *seeds: int, at: float = 900.0, problem: str = "") -> SeenPicture:
    entry = Entry(f"data/known_faces/{name}", name, EntryKind.FILE, 100, at)
    faces = tuple(SeenFace(BOX, vector(seed).astype(np.float32), 0.8) for seed in seeds)
    return SeenPicture(entry, f"sha-{name}", faces, problem)


def cache(**names: int) -> Cache:
    return Cache(tuple(CachedFace(index, name, vector(seed)) for index, (name, seed) in enumerate(names.items())), ())


def found(cache: Cache | None, *pictures: SeenPicture, **changes: Any) -> Reconciled:
    faces = FaceList(False, cache, "data/known_faces_cache.pkl", CACHED_AT, pictures, ())
    return reconcile(replace(faces, **changes))


def test_a_picture_that_is_in_the_cache_is_active_under_the_caches_name_and_encoding() -> None:
    seen = picture("sam_carter_20250918_190412.jpg", 1)
    (face,) = found(cache(Sam=1), seen).active
    assert face.name == "Sam"
    assert face.encoding.tolist() == vector(1).astype(np.float32).tolist()
    assert face.picture == "data/known_faces/sam_carter_20250918_190412.jpg"
    assert face.box == BOX


def test_a_picture_newer_than_the_cache_was_dropped_in_since() -> None:
    result = found(cache(jon=1), picture("jon.jpg", 1), picture("grandpa_joe_2.jpg", 2, at=CACHED_AT + 1))
    assert [face.name for face in result.active] == ["jon", "grandpa_joe_2"]
    assert result.doubtful == ()


def test_a_picture_older_than_the_cache_and_not_in_it_was_removed() -> None:
    result = found(cache(jon=1), picture("jon.jpg", 1), picture("rosa_lindt_20250919_180000.jpg", 2))
    assert [face.name for face in result.active] == ["jon"]
    (review,) = result.doubtful
    assert review.doubt is Doubt.REMOVED
    assert review.name == "rosa_lindt"
    assert review.reason == "older than the cache and not in it: removed in the old web pages, which left the file"


def test_without_file_times_every_unmatched_picture_is_in_doubt() -> None:
    result = found(cache(jon=1), picture("new.jpg", 2, at=CACHED_AT + 1), cached_at=None)
    assert [face.name for face in result.active] == ["jon"]
    assert result.doubtful[0].reason == (
        "the old system did not recognize it, and the file times do not say whether it is new"
    )


def test_a_picture_without_a_face_is_reported() -> None:
    result = found(cache(), picture("garden.jpg"), picture("half.jpg", problem="the picture ends in the middle"))
    assert [note.reason for note in result.notes] == ["no face is found in it", "the picture ends in the middle"]


def test_an_entry_whose_picture_is_gone_stays_without_one() -> None:
    (face,) = found(cache(Sam=1)).active
    assert face.picture is None
    assert face.source == "data/known_faces_cache.pkl entry 0"


def test_without_a_cache_the_pictures_count() -> None:
    result = found(None, picture("jon.jpg", 1), picture("couple.jpg", 2, 3))
    assert [face.name for face in result.active] == ["jon"]
    assert [(review.doubt, review.reason) for review in result.doubtful] == [
        (Doubt.SEVERAL_FACES, "the picture shows 2 faces; this is number 1"),
        (Doubt.SEVERAL_FACES, "the picture shows 2 faces; this is number 2"),
    ]
    assert len({review.key for review in result.doubtful}) == 2


def test_the_cache_says_which_of_several_faces_it_was() -> None:
    (face,) = found(cache(couple=3), picture("couple.jpg", 2, 3)).active
    assert face.encoding.tolist() == vector(3).astype(np.float32).tolist()


def test_of_look_alikes_each_entry_takes_the_picture_with_its_name() -> None:
    near = vector(1) + 0.001 * vector(2)
    entries = Cache((CachedFace(0, "ann", vector(1)), CachedFace(1, "bea", near)), ())
    pictures = [
        SeenPicture(
            Entry(f"data/known_faces/{name}.jpg", f"{name}.jpg", EntryKind.FILE, 1, 1.0),
            name,
            (SeenFace(BOX, encoding.astype(np.float32), 0.5),),
        )
        for name, encoding in (("bea", vector(1)), ("ann", near))
    ]
    result = found(entries, *pictures)
    assert {face.name: face.picture for face in result.active} == {
        "ann": "data/known_faces/ann.jpg",
        "bea": "data/known_faces/bea.jpg",
    }


def test_an_encoding_from_another_processor_still_finds_its_picture() -> None:
    moved = Cache((CachedFace(0, "Leo", vector(1) + 0.02 * vector(2)),), ())
    (face,) = found(moved, picture("leo_20250925_191007.jpg", 1)).active
    assert face.picture is not None


def test_a_coarser_look_finds_it_only_by_its_name() -> None:
    moved = vector(1) + 0.1 * vector(2)
    by_name = found(Cache((CachedFace(0, "leo", moved),), ()), picture("leo.jpg", 1))
    assert by_name.active[0].picture is not None
    by_face = found(Cache((CachedFace(0, "max", moved),), ()), picture("leo.jpg", 1))
    assert by_face.active[0].picture is None


def test_pictures_that_the_old_system_overlooked_are_asked_about() -> None:
    result = found(cache(), unseen=(picture("jon_3.jpeg", 1), picture("empty.png")))
    (review,) = result.doubtful
    assert review.doubt is Doubt.UNSEEN
    assert review.reason == "the old system read *.jpg alone and never saw this .jpeg"
    assert [note.source for note in result.notes] == ["data/known_faces/empty.png"]


@pytest.mark.parametrize("seeds", [(1,), (1, 2)])
def test_keys_do_not_depend_on_where_the_folder_lies(seeds: tuple[int, ...]) -> None:
    first = found(None, picture("jon.jpg", *seeds))
    second = found(None, picture("jon.jpg", *seeds, at=5000.0))
    assert [face.keys for face in first.active] == [face.keys for face in second.active]
    assert [review.key for review in first.doubtful] == [review.key for review in second.doubtful]
