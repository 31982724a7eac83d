"""Six people enrolled, their visits photographed and filmed: who is named, and that nobody is named wrongly."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.vision.arrays import Float32Array
from pipeline.vision.engine import Engine
from pipeline.vision.gate import CandidateFace, check_picture, foreground_faces
from pipeline.vision.identity import identify, is_decisive, outcome
from pipeline.vision.images import decode_image, encode_jpeg
from pipeline.vision.matching import Gallery
from pipeline.vision.motion import MotionDetector
from pipeline.vision.tracking import Sighting, Track, group_into_tracks
from tests.conftest import Portraits
from tests.pipeline.vision.faces import candidates, sightings

PEOPLE = ("alex_lacamoire", "biden", "kit_harington", "lin_manuel_miranda", "obama", "rose_leslie")
VISITS = {
    "obama1.jpg": {"obama"},
    "alex_lacamoire1.jpg": {"alex_lacamoire"},
    "johnsnow_test1.jpg": {"kit_harington"},
    "kit_with_rose.jpg": {"kit_harington", "rose_leslie"},
    "two_people.jpg": {"obama", "biden"},
    "obama_and_biden.jpg": {"obama", "biden"},
    "obama_partial_face.jpg": {"obama"},
    "four_channel.png": {"obama"},
}
CLIP_FPS = 30.0
FRAMES_APART = 6
LAST_SCENE_S = 211 / CLIP_FPS


@pytest.fixture(scope="session")
def enrolled(engine: Engine, shared: Path) -> dict[str, list[CandidateFace]]:
    """The one face of every picture to enroll."""
    found: dict[str, list[CandidateFace]] = {}
    for person in PEOPLE:
        for path in sorted((shared / "media" / "enroll" / person).iterdir()):
            (face,) = foreground_faces(candidates(engine, decode_image(path.read_bytes()), min_face_px=64))
            found.setdefault(person, []).append(face)
    return found


@pytest.fixture(scope="session")
def clip(engine: Engine, shared: Path) -> tuple[list[Sighting], list[float]]:
    """Every sixth frame's faces, and when the scene changes."""
    video = cv2.VideoCapture(str(shared / "media" / "two_visitors.mp4"))
    seen: list[Sighting] = []
    cuts: list[float] = []
    motion = MotionDetector()
    for number in itertools.count():
        is_read, picture = video.read()
        if not is_read:
            break
        frame = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        motion.update(frame, number / CLIP_FPS)
        if motion.saw_cut:
            cuts.append(number / CLIP_FPS)
        if number % FRAMES_APART == 0:
            seen += sightings(engine, frame, number / CLIP_FPS, min_face_px=40)
    video.release()
    return seen, cuts


def gallery_of(enrolled: dict[str, list[CandidateFace]], people: tuple[str, ...] = PEOPLE) -> Gallery:
    samples = [(PEOPLE.index(person), face.encoding) for person in people for face in enrolled[person]]
    ids = np.array([number for number, _ in samples], np.int64)
    return Gallery(np.stack([encoding for _, encoding in samples]), ids, np.zeros(len(ids), np.bool_))


def subsets() -> list[tuple[str, ...]]:
    return [group for size in (1, 2, 6) for group in itertools.combinations(PEOPLE, size)]


def in_clip(track: Track) -> str | None:
    """Whose face HOG finds there: the singer's in the first and the third scene, a stranger's in the last."""
    return "lin_manuel_miranda" if track.last.time_s < LAST_SCENE_S else None


@pytest.mark.parametrize("name", sorted(VISITS))
def test_every_visit_names_whom_it_shows_and_nobody_else(
    engine: Engine, shared: Path, enrolled: dict[str, list[CandidateFace]], name: str
) -> None:
    frame = decode_image((shared / "media" / "visits" / name).read_bytes())
    searched = gallery_of(enrolled)

    found = [identify([seen], searched) for seen in sightings(engine, frame, min_face_px=64)]

    named = [PEOPLE[face.person_id] for face in found if face.person_id is not None]
    assert sorted(named) == sorted(VISITS[name])
    assert all(is_decisive(face) for face in found if face.status == "known")
    assert outcome(found) == ("unknown" if name == "obama_and_biden.jpg" else "known")


def test_a_blocked_visitor_is_blocked_among_friends(
    engine: Engine, shared: Path, enrolled: dict[str, list[CandidateFace]]
) -> None:
    frame = decode_image((shared / "media" / "visits" / "two_people.jpg").read_bytes())
    searched = gallery_of(enrolled)
    biden = PEOPLE.index("biden")
    watched = Gallery(searched.encodings, searched.person_ids, searched.person_ids == biden)

    found = [identify([seen], watched) for seen in sightings(engine, frame, min_face_px=64)]

    assert {(face.status, face.person_id) for face in found} == {("blocked", biden), ("known", PEOPLE.index("obama"))}
    assert outcome(found) == "blocked"


@pytest.mark.parametrize("people", subsets(), ids="+".join)
def test_whoever_is_enrolled_no_other_face_at_hand_gets_their_name(
    engine: Engine, portraits: Portraits, enrolled: dict[str, list[CandidateFace]], people: tuple[str, ...]
) -> None:
    searched = gallery_of(enrolled, people)
    strangers = [face for person, faces in enrolled.items() if person not in people for face in faces]
    strangers += [face for path in portraits for face in candidates(engine, decode_image(path.read_bytes()))]

    for face in strangers:
        seen = Sighting(0.0, face.box, face.quality.score, "", face.encoding)
        assert identify([seen], searched).status == "unknown"


def test_every_picture_at_hand_may_be_enrolled(enrolled: dict[str, list[CandidateFace]]) -> None:
    faces = [(person, number) for person, samples in enrolled.items() for number in range(len(samples))]
    for person, number in faces:
        before = [(PEOPLE.index(p), enrolled[p][n].encoding) for p, n in faces if (p, n) != (person, number)]
        others = Gallery(
            np.stack([encoding for _, encoding in before]),
            np.array([owner for owner, _ in before], np.int64),
            np.zeros(len(before), np.bool_),
        )
        assert check_picture([enrolled[person][number]], others, PEOPLE.index(person)) == []


def test_the_same_picture_in_another_file_is_a_duplicate(
    engine: Engine, shared: Path, enrolled: dict[str, list[CandidateFace]]
) -> None:
    frame = decode_image((shared / "media" / "visits" / "four_channel.png").read_bytes())
    again = candidates(engine, decode_image(encode_jpeg(frame, quality=60)), min_face_px=64)

    (refusal,) = check_picture(again, gallery_of(enrolled), PEOPLE.index("obama"))

    assert refusal.code == "duplicate"


def test_the_clips_cuts_are_found(clip: tuple[list[Sighting], list[float]]) -> None:
    assert [round(cut * CLIP_FPS) for cut in clip[1]] == [20, 82, 211]


def test_tracks_of_the_clip_end_at_its_cuts(clip: tuple[list[Sighting], list[float]]) -> None:
    seen, cuts = clip

    for track in group_into_tracks(seen, cuts):
        assert len({sum(cut <= found.time_s for cut in cuts) for found in track.sightings}) == 1


@pytest.mark.parametrize("people", subsets(), ids="+".join)
def test_the_clip_names_nobody_wrongly_whoever_is_enrolled(
    clip: tuple[list[Sighting], list[float]], enrolled: dict[str, list[CandidateFace]], people: tuple[str, ...]
) -> None:
    searched = gallery_of(enrolled, people)
    seen, cuts = clip
    tracks = group_into_tracks(seen, cuts)

    for track in [*tracks, *(Track((found,)) for found in seen)]:
        person_id = identify(track, searched).person_id
        assert person_id is None or PEOPLE[person_id] == in_clip(track)


def test_the_clip_names_its_singer_in_both_scenes(
    clip: tuple[list[Sighting], list[float]], enrolled: dict[str, list[CandidateFace]]
) -> None:
    searched = gallery_of(enrolled)
    named = [track for track in group_into_tracks(*clip) if identify(track, searched).status == "known"]

    assert [in_clip(track) for track in named] == ["lin_manuel_miranda"] * 2
    assert sum(len(track.sightings) for track in named) >= 20


def test_the_mean_of_a_track_is_nearer_to_its_person_than_its_pictures(
    clip: tuple[list[Sighting], list[float]], enrolled: dict[str, list[CandidateFace]]
) -> None:
    longest = max(group_into_tracks(*clip), key=lambda track: len(track.sightings))
    (portrait,) = enrolled["lin_manuel_miranda"]

    def distance(encoding: Float32Array | None) -> float:
        assert encoding is not None
        return float(np.linalg.norm(encoding - portrait.encoding))

    single = [distance(found.encoding) for found in longest.encoded]
    assert distance(longest.encoding) < np.median(single) - 0.05
