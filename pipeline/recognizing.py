"""The second stage: the encodings of a capture's faces. Their chips come with the rows: it opens no picture."""

from collections.abc import Collection

import numpy as np
from django.db import transaction

from events.claims import Claim, release
from events.models import CaptureStatus, FaceObservation
from faces.engine import get_engine
from faces.models import encoding_to_bytes
from pipeline.vision.encoding import CHIP_PX


def recognize(mine: Claim) -> bool:
    """Store the encodings; the chips end with that."""
    faces = FaceObservation.objects.filter(capture=mine.capture_id).exclude(chip=None)
    chips = {face_id: bytes(chip or b"") for face_id, chip in faces.values_list("pk", "chip")}
    encodings = encode_chips(chips.values())
    with transaction.atomic():
        if not release(mine, to=CaptureStatus.DONE):
            return False
        for face_id, encoding in zip(chips, encodings, strict=True):
            FaceObservation.objects.filter(pk=face_id).update(encoding=encoding, chip=None)
    return True


def encode_chips(chips: Collection[bytes]) -> list[bytes]:
    """Turn the pixels of (150, 150, 3) RGB chips into encodings as rows keep them."""
    pixels = np.frombuffer(b"".join(chips), np.uint8).reshape(-1, CHIP_PX, CHIP_PX, 3)
    return [encoding_to_bytes(encoding) for encoding in get_engine().encode(pixels)]
