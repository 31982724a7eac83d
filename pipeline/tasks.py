"""The stages as Celery tasks: one id in, claim the row, do one thing, pass the id on."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import numpy as np
from celery import shared_task
from django.conf import settings
from django.db import DatabaseError, transaction

from events import measurements
from events.claims import claim, release
from events.models import Capture, CaptureStatus, FaceObservation
from events.tasks import decide
from faces.engine import get_engine
from faces.models import encoding_to_bytes
from pipeline.configured import current_config
from pipeline.queues import enqueue, priority_of
from pipeline.vision.alignment import CHIP_PX
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.detection.detector import Detection
from pipeline.vision.geometry import Box
from pipeline.vision.images import ImageError, decode_saved
from pipeline.vision.quality import confidence_of, measure_quality

logger = logging.getLogger(__name__)


@shared_task
def detect_faces(capture_id: int) -> None:
    """Find the faces of a saved capture; queue `detection`."""
    claimed_at = claim(capture_id, ready=CaptureStatus.SAVED, working=CaptureStatus.DETECTING)
    if claimed_at is not None:
        _run_stage(measurements.DETECTION, _detect, capture_id, claimed_at)


@shared_task
def recognize_faces(capture_id: int) -> None:
    """Encode the faces of a detected capture, and decide its event at once; queue `recognition`."""
    claimed_at = claim(capture_id, ready=CaptureStatus.DETECTED, working=CaptureStatus.RECOGNIZING)
    if claimed_at is not None:
        event_id = _run_stage(measurements.RECOGNITION, _recognize, capture_id, claimed_at)
        if event_id is not None:
            decide(event_id)  # here and now: a message to the queue `events` would take 4 ms


def _run_stage(
    name: str, stage: Callable[[Capture, datetime], None], capture_id: int, claimed_at: datetime
) -> int | None:
    """Run one stage and return the event's id; None after what went wrong is stored on the capture, and the event
    goes on without it."""
    capture = Capture.objects.select_related("event__camera").get(pk=capture_id)
    try:
        with measurements.measured(name):
            stage(capture, claimed_at)
        return capture.event_id
    except (ImageError, FileNotFoundError) as error:
        _give_up(capture, claimed_at, f"the picture cannot be read: {error}")
    except DatabaseError:
        raise  # the claim runs out and the sweeper sends the row on, when the database is back
    except Exception as error:
        logger.exception("event %s: capture %s failed", capture.event_id, capture_id)
        _give_up(capture, claimed_at, f"{type(error).__name__}: {error}")
    return None


def _give_up(capture: Capture, claimed_at: datetime, reason: str) -> None:
    logger.warning("event %s: capture %s given up: %s", capture.event_id, capture.pk, reason)
    with transaction.atomic():
        if release(capture.pk, claimed_at, to=CaptureStatus.FAILED, error=reason):
            capture.observations.update(chip=None)
            enqueue(decide, capture.event_id, priority=priority_of(capture.event.trigger))


def _detect(capture: Capture, claimed_at: datetime) -> None:
    frame = read_frame(capture)
    observations = [_observe(capture, frame, face) for face in _find_faces(capture, frame)]
    priority = priority_of(capture.event.trigger)
    with transaction.atomic():
        found = CaptureStatus.DETECTED if observations else CaptureStatus.DONE
        if not release(capture.pk, claimed_at, to=found):
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
        landmarks=landmarks.tolist(),
        quality=quality.score,
        chip=chip.tobytes(),
    )


def _recognize(capture: Capture, claimed_at: datetime) -> None:
    """The pictures of the faces come with their rows: a recognition worker opens no file."""
    faces = {face.pk: bytes(face.chip) for face in capture.observations.only("chip") if face.chip is not None}
    chips = np.frombuffer(b"".join(faces.values()), np.uint8).reshape(-1, CHIP_PX, CHIP_PX, 3)
    encodings = get_engine().encode(chips)
    with transaction.atomic():
        if not release(capture.pk, claimed_at, to=CaptureStatus.DONE):
            return
        for pk, encoding in zip(faces, encodings, strict=True):
            FaceObservation.objects.filter(pk=pk).update(encoding=encoding_to_bytes(encoding), chip=None)


def read_frame(capture: Capture) -> UInt8Array:
    """Return the saved frame, (H, W, 3) RGB. Raises FileNotFoundError, ImageError."""
    with capture.image.open("rb") as file:
        return decode_saved(file.read(), max_bytes=settings.MAX_PICTURE_BYTES, max_pixels=settings.MAX_PICTURE_PIXELS)
