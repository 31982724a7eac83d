"""Rows with real pictures, made directly: for tests of what is shown, not of how it came to be."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.utils import timezone

from events.models import Capture, CaptureStatus, Event, FaceObservation, FaceStatus, Outcome, Trigger
from faces.models import ENCODING_DIMENSIONS, FaceSample, Person, encoding_to_bytes
from pipeline.vision.geometry import Box
from pipeline.vision.images import decode_image, encode_jpeg, resize_to_width, thumbnail

# Where dlib's HOG detector finds the faces in the two portraits.
HOPPER_BOX = Box(139, 366, 325, 180)
ASTRONAUT_BOX = Box(76, 265, 166, 175)


def add_event(**fields: Any) -> Event:
    now = timezone.now()
    known = {"trigger": Trigger.PRESS, "outcome": Outcome.KNOWN, "closed_at": now, "settled_at": now}
    return Event.objects.create(**{**known, **fields})


def add_capture(event: Event, picture: Path, *, taken_at: datetime | None = None, width: int = 512) -> Capture:
    frame = resize_to_width(decode_image(picture.read_bytes()), width)
    capture = Capture(
        event=event,
        taken_at=taken_at or event.started_at,
        width=frame.shape[1],
        height=frame.shape[0],
        status=CaptureStatus.DONE,
    )
    capture.image.save("frame.jpg", ContentFile(encode_jpeg(frame)), save=True)
    return capture


def add_face(capture: Capture, box: Box, person: Person | None = None, **fields: Any) -> FaceObservation:
    status = FaceStatus.UNKNOWN
    if person is not None:
        status = FaceStatus.BLOCKED if person.is_blocked else FaceStatus.KNOWN
    plain = {
        "box_top": box.top,
        "box_right": box.right,
        "box_bottom": box.bottom,
        "box_left": box.left,
        "confidence": 0.9,
        "quality": 0.8,
        "track": 1,
        "status": status,
        "person": person,
        "distance": None if person is None else 0.31,
    }
    return FaceObservation.objects.create(capture=capture, **{**plain, **fields})


def add_plain_sample(person: Person, picture: Path, box: Box) -> FaceSample:
    """With an encoding of zeros: to be looked at, not to be recognized by."""
    frame = decode_image(picture.read_bytes())
    sample = FaceSample(
        person=person,
        encoding=encoding_to_bytes(np.zeros(ENCODING_DIMENSIONS, dtype=np.float32)),
        encoding_model="small",
        quality=0.9,
        box_top=box.top,
        box_right=box.right,
        box_bottom=box.bottom,
        box_left=box.left,
    )
    sample.image.save("sample.jpg", ContentFile(encode_jpeg(thumbnail(frame, box, size=240))), save=True)
    return sample
