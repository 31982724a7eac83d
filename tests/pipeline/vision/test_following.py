"""One camera's frames, from motion to names: what is looked for where, what is encoded, and who is named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.bench.clip import load_clip
from pipeline.bench.material import Material
from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.engine import Engine, EngineConfig
from pipeline.vision.following import SEARCH_INTERVAL_S, Followed, Follower
from pipeline.vision.geometry import Box
from pipeline.vision.matching import Gallery
from pipeline.vision.tracking import MAX_ENCODINGS
from tests.pipeline.vision.encodings import away, gallery

GRACE, EILEEN = 1, 2
HEIGHT, WIDTH = 360, 640
STEP_S = 0.1
BETWEEN_SEARCHES = int(SEARCH_INTERVAL_S / STEP_S)


class WatchedEngine(Engine):
    """The real one; keeps what it was asked for. blind: it finds nothing in so many looks from now on."""

    def __init__(self, config: EngineConfig) -> None:
        super().__init__(config)
        self.looks: list[tuple[int, ...]] = []
        self.measured = self.encoded = self.blind = 0

    def detect(self, frame: UInt8Array, min_face_px: int) -> list[Detection]:
        self.looks.append(frame.shape[:2])
        self.blind -= 1
        return [] if self.blind >= 0 else super().detect(frame, min_face_px)

    def landmarks(self, frame: UInt8Array, box: Box) -> Float32Array:
        self.measured += 1
        return super().landmarks(frame, box)

    def encode(self, chips: UInt8Array) -> Float32Array:
        self.encoded += len(chips)
        return super().encode(chips)


@pytest.fixture
def watched(models_dir: Path) -> WatchedEngine:
    return WatchedEngine(EngineConfig(models_dir))


@pytest.fixture(scope="session")
def portrait_encodings(engine: Engine, portrait_chips: UInt8Array) -> Float32Array:
    return engine.encode(portrait_chips)


@pytest.fixture
def both(portrait_encodings: Float32Array) -> Gallery:
    return gallery((GRACE, portrait_encodings[0]), (EILEEN, portrait_encodings[1]))


@pytest.fixture
def eileen(astronaut: UInt8Array) -> UInt8Array:
    """Without the badge on her suit, which HOG takes for a face."""
    return astronaut[:240, 80:400]


def scene(seed: int = 1) -> UInt8Array:
    """A wall of soft patches, (HEIGHT, WIDTH, 3)."""
    patches = np.random.default_rng(seed).integers(60, 200, (4, 7, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(patches, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def standing(wall: UInt8Array, portrait: UInt8Array, left: int) -> UInt8Array:
    """The wall with half the portrait's size of somebody before it, feet on the lower edge."""
    frame = wall.copy()
    small = cv2.resize(portrait, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    frame[HEIGHT - small.shape[0] :, left : left + small.shape[1]] = small
    return frame


def play(follower: Follower, frames: list[UInt8Array], start_s: float = 0.0) -> list[list[Followed]]:
    return [follower.see(frame, start_s + number * STEP_S) for number, frame in enumerate(frames)]


def swaying(portrait: UInt8Array, count: int, wall: UInt8Array | None = None) -> list[UInt8Array]:
    return [standing(scene() if wall is None else wall, portrait, 180 + 6 * (n % 3)) for n in range(count)]


def names(seen: list[Followed]) -> set[int | None]:
    return {face.identity.person_id for face in seen}


def test_between_the_searches_a_followed_face_is_looked_for_only_nearby(
    watched: WatchedEngine, both: Gallery, grace_hopper: UInt8Array
) -> None:
    follower = Follower(watched, both, min_face_px=40)

    seen = play(follower, swaying(grace_hopper, BETWEEN_SEARCHES))

    assert watched.looks[0] == (HEIGHT, WIDTH)
    assert len(watched.looks) == BETWEEN_SEARCHES
    assert all(height < HEIGHT and width < WIDTH / 2 for height, width in watched.looks[1:])
    assert [names(faces) for faces in seen] == [{GRACE}] * BETWEEN_SEARCHES
    assert len(seen[-1][0].track.sightings) == BETWEEN_SEARCHES


def test_a_face_that_was_there_a_frame_ago_is_looked_for_twice(
    watched: WatchedEngine, both: Gallery, grace_hopper: UInt8Array
) -> None:
    follower = Follower(watched, both, min_face_px=40)
    frames = swaying(grace_hopper, 3)
    play(follower, frames[:2])
    watched.looks.clear()
    watched.blind = 1

    (face,) = follower.see(frames[2], 2 * STEP_S)

    first, second = watched.looks
    assert second > first
    assert len(face.track.sightings) == 3


def test_a_cut_ends_every_track_and_is_searched_at_once(
    watched: WatchedEngine, both: Gallery, grace_hopper: UInt8Array, eileen: UInt8Array
) -> None:
    follower = Follower(watched, both, min_face_px=40)
    play(follower, swaying(grace_hopper, 3))
    watched.looks.clear()

    (face,) = follower.see(standing(255 - scene(2), eileen, 340), 3 * STEP_S)

    assert watched.looks == [(HEIGHT, WIDTH)]
    assert len(face.track.sightings) == 1
    assert face.identity.person_id == EILEEN


def test_a_decided_face_is_not_encoded_again(watched: WatchedEngine, both: Gallery, grace_hopper: UInt8Array) -> None:
    play(Follower(watched, both, min_face_px=40), swaying(grace_hopper, BETWEEN_SEARCHES))

    assert watched.encoded == 1


def test_an_undecided_face_is_encoded_often_and_then_measured_by_the_searches_only(
    watched: WatchedEngine, portrait_encodings: Float32Array, grace_hopper: UInt8Array
) -> None:
    like_her = gallery((GRACE, away(portrait_encodings[0], 0.52)))
    follower = Follower(watched, like_her, min_face_px=40)
    frames = swaying(grace_hopper, 20)

    play(follower, frames[:10])
    measured = watched.measured
    play(follower, frames[10:], start_s=1.0)

    assert watched.encoded == MAX_ENCODINGS
    assert measured >= MAX_ENCODINGS
    assert 0 < watched.measured - measured <= 2


def test_two_people_in_a_frame_keep_their_own_names(
    watched: WatchedEngine, both: Gallery, grace_hopper: UInt8Array, eileen: UInt8Array
) -> None:
    apart = [standing(standing(scene(), grace_hopper, 30 + 4 * n), eileen, 370 - 4 * n) for n in range(6)]

    seen = play(Follower(watched, both, min_face_px=40), apart)

    for faces in seen:
        where = {face.identity.person_id: face.track.last.box.left for face in faces}
        assert where.keys() == {GRACE, EILEEN}
        assert where[GRACE] < WIDTH / 2 < where[EILEEN]
    assert {len(face.track.sightings) for face in seen[-1]} == {6}


def test_whoever_is_not_enrolled_gets_no_name(
    watched: WatchedEngine, portrait_encodings: Float32Array, astronaut: UInt8Array
) -> None:
    follower = Follower(watched, gallery((GRACE, portrait_encodings[0])), min_face_px=40)

    assert {name for faces in play(follower, swaying(astronaut, 6)) for name in names(faces)} == {None}


def test_an_empty_scene_costs_one_look(watched: WatchedEngine, both: Gallery) -> None:
    assert play(Follower(watched, both, min_face_px=40), [scene()] * 12) == [[]] * 12

    assert len(watched.looks) == 1


@pytest.mark.parametrize("first", [0, 1])
def test_the_clip_names_nobody_wrongly_and_its_singer_most_of_the_time(
    shared: Path, models_dir: Path, first: int
) -> None:
    material = Material(shared / "media", models_dir)
    frames = load_clip(material.household)[first::2]
    enrolled, encodings = material.enrolled_encodings()
    people = sorted(set(enrolled))
    searched = gallery(*((people.index(name), encoding) for name, encoding in zip(enrolled, encodings, strict=True)))
    follower = Follower(material.engine(), searched, min_face_px=40)

    found = [(names(follower.see(frame.frame, frame.time_s)) - {None}, frame.shown) for frame in frames]
    named = [({people[each] for each in ids if each is not None}, shown) for ids, shown in found]

    assert all(each <= shown for each, shown in named)
    assert sum(bool(each) for each, _ in named) >= 34
