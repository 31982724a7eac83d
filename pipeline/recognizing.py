"""The second stage: the encodings of a capture's faces. Their chips come with the rows: it opens no picture."""

from datetime import datetime

import numpy as np
from django.db import transaction

from events.claims import release
from events.models import Capture, CaptureStatus, FaceObservation
from faces.engine import get_engine
from faces.models import encoding_to_bytes
from pipeline.vision.encoding import CHIP_PX


def recognize(capture: Capture, claimed_at: datetime) -> None:
    """Store the encodings; the chips end with that."""
    faces = {face.pk: bytes(face.chip) for face in capture.observations.only("chip") if face.chip is not None}
    chips = np.frombuffer(b"".join(faces.values()), np.uint8).reshape(-1, CHIP_PX, CHIP_PX, 3)
    encodings = get_engine().encode(chips)
    with transaction.atomic():
        if not release(capture.pk, claimed_at, to=CaptureStatus.DONE):
            return
        for pk, encoding in zip(faces, encodings, strict=True):
            FaceObservation.objects.filter(pk=pk).update(encoding=encoding_to_bytes(encoding), chip=None)
