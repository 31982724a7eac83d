"""The second stage: the encodings of a capture's faces. Their chips come with the rows: it opens no picture."""

from datetime import datetime

import numpy as np
from django.db import transaction

from events.claims import release
from events.models import Capture, CaptureStatus, FaceObservation
from faces.engine import get_engine
from faces.models import encoding_to_bytes
from pipeline.stages import GiveUp
from pipeline.vision.encoding import CHIP_PX


def recognize(capture_id: int, claimed_at: datetime) -> int:
    """Store the encodings; the chips end with that. Return the event's id."""
    seen = Capture.objects.filter(pk=capture_id).values_list("event_id", "observations__pk", "observations__chip")
    rows = list(seen)  # one without a face, where there is none
    if not rows:
        raise GiveUp("its visit was deleted")
    chips = {face_id: bytes(chip) for _, face_id, chip in rows if chip is not None}
    pixels = np.frombuffer(b"".join(chips.values()), np.uint8).reshape(-1, CHIP_PX, CHIP_PX, 3)
    encodings = get_engine().encode(pixels)
    with transaction.atomic():
        if release(capture_id, claimed_at, to=CaptureStatus.DONE):
            for face_id, encoding in zip(chips, encodings, strict=True):
                FaceObservation.objects.filter(pk=face_id).update(encoding=encoding_to_bytes(encoding), chip=None)
    return int(rows[0][0])
