"""Who is in a recording: a video or a folder of pictures, played as fast as it can be. Nothing is stored."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from faces.engine import get_engine
from faces.gallery import current_gallery, tolerances
from pipeline.configured import current_config
from pipeline.detecting import default_min_face_px
from pipeline.errors import DoorbellError
from pipeline.hardware.cameras import open_camera
from pipeline.hardware.frames import Frame
from pipeline.hardware.reader import iterate
from pipeline.hardware.source import parse_source
from pipeline.vision.following import Followed, Follower
from pipeline.vision.identity import IdentityStatus


class NotARecording(DoorbellError):
    """A live camera was named, whose pictures have no end."""

    code = "not_a_recording"


@dataclass(frozen=True, slots=True)
class Stay:
    """A visitor's face, from the first to the last frame that it was found in.

    from_s, to_s: seconds into the recording. frames: in how many the face was found. status, person_id, distance,
    reason: by all that was seen of it, as `Identity` has them.
    """

    from_s: float
    to_s: float
    frames: int
    status: IdentityStatus
    person_id: int | None
    distance: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """stays: in the order in which they begin. frames, length_s: of the recording, as far as it was played."""

    stays: tuple[Stay, ...]
    frames: int
    length_s: float


def play_recording(text: str, fps: float | None = None) -> Timeline:
    """Follow whoever is in the recording, as this installation would name them; see `open_recording`.

    Raises ModelError besides. The smallest face is the configuration's, else a sixteenth of the first frame's shorter
    side, 40 px at least.
    """
    frames = open_recording(text, fps)
    first = next(frames)
    smallest = current_config().pipeline_config.face_detection.min_face_px or default_min_face_px(first.bgr)
    follower = Follower(get_engine(), current_gallery(), min_face_px=smallest, tolerances=tolerances())
    return follow_recording(chain([first], frames), follower)


def open_recording(text: str, fps: float | None = None) -> Iterator[Frame]:
    """Yield every frame of the recording that `text` names, without waiting.

    fps: at most so many frames a second of a video; pictures are that far apart, 10 a second if None.
    Raises NotARecording; CameraError where there is nothing that can be played.
    """
    source = parse_source(text)
    if source.is_live:
        raise NotARecording(f"'{source}' is a live camera; give a video file, a picture or a folder of pictures")
    return iterate(open_camera(source, realtime=False, loop=False, fps=fps))


def follow_recording(frames: Iterable[Frame], follower: Follower) -> Timeline:
    """Have a new follower see every frame, and sum up whom it saw."""
    newest: dict[Hashable, Followed] = {}
    begun_s: float | None = None
    count, now_s = 0, 0.0
    for frame in frames:
        begun_s = frame.time_s if begun_s is None else begun_s
        count, now_s = count + 1, frame.time_s - begun_s
        for face in follower.see(frame.rgb(), now_s):
            newest[face.track.sightings[0].key] = face
    return Timeline(tuple(_stay(face) for face in newest.values()), count, now_s)


def _stay(face: Followed) -> Stay:
    seen, identity = face.track.sightings, face.identity
    return Stay(
        from_s=round(seen[0].time_s, 3),
        to_s=round(seen[-1].time_s, 3),
        frames=len(seen),
        status=identity.status,
        person_id=identity.person_id,
        distance=None if identity.distance is None else round(identity.distance, 4),
        reason=identity.reason,
    )
