"""Make a frame last: the JPEG in the storage, then the row, then the task."""

from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from events.models import Capture, Event, capture_path
from pipeline.queues import enqueue, priority_of
from pipeline.tasks import detect_faces
from pipeline.vision.geometry import Box


def save_capture(
    event: Event,
    jpeg: bytes,
    size: tuple[int, int],
    taken_at: datetime,
    *,
    region: Box | None = None,
    scene: int = 0,
) -> Capture:
    """jpeg: of our own making. size: height, width. region: where to look for faces, None for everywhere.

    scene: another number than the capture before, when the camera shows something else, so that no face continues.

    Raises OSError when the disk does not take the picture and django.db.Error when the database
    does not take the row; the picture is then removed again.
    """
    height, width = size
    capture = Capture(event=event, taken_at=taken_at, width=width, height=height, scene=scene)
    capture.region = None if region is None else [region.top, region.right, region.bottom, region.left]
    written = default_storage.save(capture_path(capture, ""), ContentFile(jpeg))
    capture.image.name = written
    try:
        _save_row(capture, event.trigger)
    except BaseException:
        default_storage.delete(written)
        raise
    return capture


def _save_row(capture: Capture, trigger: str) -> None:
    with transaction.atomic():
        capture.save()
        enqueue(detect_faces, capture.pk, priority=priority_of(trigger))
