"""A short film of visitors who walk up to the door, stay, and go."""

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline.demo.portraits import Portrait
from pipeline.demo.scene import HORIZON, paint_scene
from pipeline.errors import DoorbellError
from pipeline.vision.arrays import UInt8Array

WIDTH, HEIGHT, FPS = 960, 540, 15
NEAR_FACE_PX, FAR_FACE_PX = 132, 18
EMPTY_S, COMING_S, STAYING_S, LEAVING_S = 3.5, 2.5, 5.0, 1.8
VISIT_S = EMPTY_S + COMING_S + STAYING_S + LEAVING_S
NOISE_SIGMA = 2.0


class FilmError(DoorbellError):
    """The film cannot be written."""

    code = "film"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody is. nearness: 0 at the garden gate, 1 at the door; x: of the picture's width."""

    nearness: float
    x: float


def standing_at(time_s: float) -> Standing | None:
    """Where a visitor is `time_s` into a visit; None while the door is empty."""
    coming, staying = time_s - EMPTY_S, time_s - EMPTY_S - COMING_S
    leaving = staying - STAYING_S
    if coming < 0 or leaving >= LEAVING_S:
        return None
    if staying < 0:
        nearness = (coming / COMING_S) ** 1.7  # steps at an even pace grow quicker the nearer they are
        return Standing(nearness, 0.49 + 0.012 * math.sin(coming * 7))
    sway = 0.008 * math.sin(staying * 2.1)
    return Standing(1.0, 0.49 + sway + (max(0.0, leaving) / LEAVING_S) ** 1.4 * 0.75)


def make_film(path: Path, visitors: Sequence[Portrait]) -> Path:
    """Write the film of all visitors, one after the other, as MPEG-4; a whole one or none. Raises FilmError."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.name
        writer = cv2.VideoWriter(str(draft), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (WIDTH, HEIGHT))
        if not writer.isOpened():
            raise FilmError(f"{path} cannot be written; is the disk full, or {path.parent} closed to you?")
        try:
            for frame in film_frames(visitors):
                writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        finally:
            writer.release()
        draft.replace(path)
    return path


def film_frames(visitors: Sequence[Portrait]) -> Iterator[UInt8Array]:
    """Yield (HEIGHT, WIDTH, 3) RGB frames, FPS to the second, with a camera's noise."""
    scene, random = paint_scene(WIDTH, HEIGHT), np.random.default_rng(11)
    noise = [random.normal(0, NOISE_SIGMA, scene.shape).astype(np.int16) for _ in range(5)]
    for visitor in visitors:
        picture, mask = visitor.cut_out()
        for number in range(round(VISIT_S * FPS)):
            frame = scene.copy()
            if (standing := standing_at(number / FPS)) is not None:
                _draw(frame, picture, mask, standing, visitor.face_px)
            yield np.clip(frame + noise[number % len(noise)], 0, 255).astype(np.uint8)


def _draw(frame: UInt8Array, picture: UInt8Array, mask: UInt8Array, standing: Standing, face_px: int) -> None:
    """Lay the visitor over the frame, the shoulders prolonged to the ground as a coat."""
    face = FAR_FACE_PX + (NEAR_FACE_PX - FAR_FACE_PX) * standing.nearness
    scale = face / face_px
    head = int(HEIGHT * (HORIZON - 0.10 - 0.24 * standing.nearness))  # the top of the photograph
    feet = int(HEIGHT * (HORIZON + 0.05 + 0.95 * standing.nearness))
    transform = np.array([[scale, 0, WIDTH * standing.x - picture.shape[1] * scale / 2], [0, scale, head]])
    person = cv2.warpAffine(picture, transform, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    alpha = cv2.warpAffine(mask, transform, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    hem = head + int((picture.shape[0] - 3) * scale)
    if hem < min(feet, HEIGHT):
        person[hem : min(feet, HEIGHT)] = person[hem - 1]
        alpha[hem : min(feet, HEIGHT)] = alpha[hem - 1]
    share = alpha[..., None].astype(np.float32) / 255
    frame[:] = (person * share + frame * (1 - share)).astype(np.uint8)
