"""The first stage: a saved capture's faces, each with its place, its quality, and the chip that recognition encodes."""

from dataclasses import replace
from datetime import datetime

import numpy as np
from django.conf import settings
from django.db import transaction

from events.claims import release
from events.models import Capture, CaptureStatus, FaceObservation
from events.tasks import decide
from faces.engine import get_engine
from pipeline.configured import current_config
from pipeline.queues import enqueue, priority_of
from pipeline.stages import GiveUp
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.geometry import Box
from pipeline.vision.images import ImageError, decode_saved
from pipeline.vision.quality import confidence_of, measure_quality


def detect(capture_id: int, claimed_at: datetime) -> None:
    """Raises GiveUp when the picture cannot be read."""
    from pipeline.tasks import recognize_faces  # that module imports this one

    capture = Capture.objects.select_related("event__camera").filter(pk=capture_id).first()
    if capture is None:
        raise GiveUp("its visit was deleted")
    try:
        frame = read_frame(capture)
    except (ImageError, FileNotFoundError) as error:
        raise GiveUp(f"the picture cannot be read: {error}") from error
    observations = [_observe(capture, frame, face) for face in _find_faces(capture, frame)]
    priority = priority_of(capture.event.trigger)
    with transaction.atomic():
        if not release(capture.pk, claimed_at, to=CaptureStatus.DETECTED if observations else CaptureStatus.DONE):
            return
        if capture.attempts > 1:
            capture.observations.all().delete()
        FaceObservation.objects.bulk_create(observations)
        if observations:
            enqueue(recognize_faces, capture.pk, priority=priority)
        else:
            enqueue(decide, capture.event_id, priority=priority)


def _find_faces(capture: Capture, frame: UInt8Array) -> list[Detection]:
    """Look at the whole frame, or, in a motion capture, only where something moved."""
    min_face_px = smallest_face_px(capture, frame)
    engine = get_engine()
    if capture.region is None:
        return engine.detect(frame, min_face_px=min_face_px)
    region = Box(*capture.region).clipped(*frame.shape[:2])
    part = np.ascontiguousarray(frame[region.top : region.bottom, region.left : region.right])
    faces = engine.detect(part, min_face_px=min_face_px)
    return [replace(face, box=face.box.moved(region.left, region.top), landmarks=None) for face in faces]


def smallest_face_px(capture: Capture, frame: UInt8Array) -> int:
    """The configuration speaks for all cameras, else each for itself."""
    camera = capture.event.camera
    own = camera.min_face_px if camera is not None else default_min_face_px(frame)
    return current_config().pipeline_config.face_detection.min_face_px or own


def default_min_face_px(frame: UInt8Array) -> int:
    """For a picture of unknown making: faces of a sixteenth of its shorter side, 40 px at least."""
    return max(40, int(min(frame.shape[:2])) // 16)


def _observe(capture: Capture, frame: UInt8Array, face: Detection) -> FaceObservation:
    engine = get_engine()
    landmarks = engine.landmarks(frame, face.box)
    confidence = confidence_of(engine.config.detector, face.score)
    chip = engine.chip(frame, landmarks)
    quality = measure_quality(chip, face.box, landmarks, confidence)
    box = face.box.clipped(*frame.shape[:2])
    return FaceObservation(
        capture=capture,
        box_top=box.top,
        box_right=box.right,
        box_bottom=box.bottom,
        box_left=box.left,
        confidence=confidence,
        quality=quality.score,
        chip=chip.tobytes(),
    )


def read_frame(capture: Capture) -> UInt8Array:
    """Return the saved frame, (H, W, 3) RGB. Raises FileNotFoundError, ImageError."""
    with capture.image.open("rb") as file:
        return decode_saved(file.read(), max_bytes=settings.MAX_PICTURE_BYTES, max_pixels=settings.MAX_PICTURE_PIXELS)
