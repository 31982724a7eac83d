"""The first stage: a saved capture's faces, each with its place, its quality, and the chip that recognition encodes.

The faces of a press are encoded here and now: somebody waits, and the message to the queue `recognition`, the second
claim and the chips' way through the database would take 4 to 5 ms.
"""

from dataclasses import replace

import numpy as np
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction

from events import measurements
from events.claims import Claim, release
from events.models import CaptureStatus, FaceObservation, Trigger
from faces.engine import get_engine
from pipeline.configured import current_config
from pipeline.queues import enqueue, priority_of
from pipeline.recognizing import encode_chips
from pipeline.stages import GiveUp
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.geometry import Box
from pipeline.vision.images import ImageError, decode_saved
from pipeline.vision.quality import confidence_of, measure_quality


def detect(mine: Claim) -> bool:
    """Return whether the capture is through with that; otherwise its faces wait for recognition.

    Raises GiveUp when the picture cannot be read.
    """
    from pipeline.tasks import recognize_faces  # that module imports this one

    try:
        frame = read_frame(mine.image)
    except (ImageError, FileNotFoundError) as error:
        raise GiveUp(f"the picture cannot be read: {error}") from error
    observations = [_observe(mine, frame, face) for face in _find_faces(mine, frame)]
    if mine.trigger == Trigger.PRESS and observations:
        _encode(observations)
    is_through = all(face.chip is None for face in observations)
    with transaction.atomic():
        if not release(mine, to=CaptureStatus.DONE if is_through else CaptureStatus.DETECTED):
            return False
        if mine.attempts > 1:
            FaceObservation.objects.filter(capture=mine.capture_id).delete()
        FaceObservation.objects.bulk_create(observations)
        if not is_through:
            enqueue(recognize_faces, mine.capture_id, priority=priority_of(mine.trigger))
    return is_through


def _find_faces(mine: Claim, frame: UInt8Array) -> list[Detection]:
    """Look at the whole frame, or, in a motion capture, only where something moved."""
    min_face_px = smallest_face_px(mine.min_face_px, frame)
    engine = get_engine()
    if mine.region is None:
        return engine.detect(frame, min_face_px=min_face_px)
    region = Box(*mine.region).clipped(*frame.shape[:2])
    part = np.ascontiguousarray(frame[region.top : region.bottom, region.left : region.right])
    faces = engine.detect(part, min_face_px=min_face_px)
    return [replace(face, box=face.box.moved(region.left, region.top), landmarks=None) for face in faces]


def smallest_face_px(of_camera: int | None, frame: UInt8Array) -> int:
    """The configuration speaks for all cameras, else each for itself."""
    configured = current_config().pipeline_config.face_detection.min_face_px
    return configured or of_camera or default_min_face_px(frame)


def default_min_face_px(frame: UInt8Array) -> int:
    """For a picture of unknown making: faces of a sixteenth of its shorter side, 40 px at least."""
    return max(40, int(min(frame.shape[:2])) // 16)


def _observe(mine: Claim, frame: UInt8Array, face: Detection) -> FaceObservation:
    engine = get_engine()
    landmarks = engine.landmarks(frame, face.box)
    confidence = confidence_of(engine.config.detector, face.score)
    chip = engine.chip(frame, landmarks)
    quality = measure_quality(chip, face.box, landmarks, confidence)
    box = face.box.clipped(*frame.shape[:2])
    return FaceObservation(
        capture_id=mine.capture_id,
        box_top=box.top,
        box_right=box.right,
        box_bottom=box.bottom,
        box_left=box.left,
        confidence=confidence,
        quality=quality.score,
        chip=chip.tobytes(),
    )


def _encode(observations: list[FaceObservation]) -> None:
    with measurements.measured(measurements.RECOGNITION):
        encodings = encode_chips([bytes(face.chip or b"") for face in observations])
        for face, encoding in zip(observations, encodings, strict=True):
            face.encoding, face.chip = encoding, None


def read_frame(image: str) -> UInt8Array:
    """Return a saved frame by its name in the storage, (H, W, 3) RGB. Raises FileNotFoundError, ImageError."""
    with default_storage.open(image, "rb") as file:
        return decode_saved(file.read(), max_bytes=settings.MAX_PICTURE_BYTES, max_pixels=settings.MAX_PICTURE_PIXELS)
