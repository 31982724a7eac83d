"""A picture from outside becomes an event of its own."""

import logging

from django.conf import settings
from django.utils import timezone

from events.models import Camera, Capture, Event, Trigger
from pipeline.saving import save_capture
from pipeline.vision.images import decode_image, encode_jpeg

logger = logging.getLogger(__name__)


def receive_picture(data: bytes, camera: Camera | None = None) -> Capture:
    """Check, re-encode (which drops EXIF and whatever else it carried), save and enqueue.

    Raises ImageError, and has then left nothing behind.
    """
    frame = decode_image(data, max_bytes=settings.MAX_PICTURE_BYTES, max_pixels=settings.MAX_PICTURE_PIXELS)
    now = timezone.now()
    event = Event.objects.create(camera=camera, trigger=Trigger.UPLOAD, started_at=now, closed_at=now)
    try:
        jpeg = encode_jpeg(frame, quality=settings.CAPTURE_JPEG_QUALITY)
        capture = save_capture(event, jpeg, (frame.shape[0], frame.shape[1]), now)
    except BaseException:
        event.delete()
        raise
    logger.info("event %s: a picture of %s x %s was uploaded", event.pk, capture.width, capture.height)
    return capture
