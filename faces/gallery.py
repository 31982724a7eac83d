"""The enrolled encodings, held in memory until somebody is enrolled, changed or forgotten."""

import threading

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from faces.models import ENCODING_DIMENSIONS, FaceSample, encoding_from_bytes
from pipeline.vision.matching import Gallery, Tolerances

_lock = threading.Lock()
_held: Gallery | None = None


def current_gallery() -> Gallery:
    """Return the gallery as the database has it now: one small query when nothing changed."""
    global _held
    version = current_version()
    with _lock:
        if _held is None or _held.version != version:
            _held = load_gallery()
        return _held


def current_version() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM faces_galleryversion WHERE id = 1")
        row = cursor.fetchone()
    return 0 if row is None else int(row[0])


def load_gallery() -> Gallery:
    with transaction.atomic():
        version = current_version()
        rows = list(
            FaceSample.objects.filter(encoding_model=settings.ENCODING_MODEL)
            .order_by("id")
            .values_list("encoding", "person_id", "person__is_blocked")
        )
    encodings = np.empty((len(rows), ENCODING_DIMENSIONS), dtype=np.float32)
    for index, (encoding, _, _) in enumerate(rows):
        encodings[index] = encoding_from_bytes(encoding)
    return Gallery(
        encodings=encodings,
        person_ids=np.array([row[1] for row in rows], dtype=np.int64),
        is_blocked=np.array([row[2] for row in rows], dtype=np.bool_),
        version=version,
    )


def tolerances() -> Tolerances:
    return Tolerances(
        known=settings.FACE_RECOGNITION_TOLERANCE,
        blocked=settings.BLACKLIST_TOLERANCE,
        margin=settings.RECOGNITION_MARGIN,
    )
