"""ring(): the only way a press enters."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from events.broadcast import PRESSED, broadcast
from events.models import Camera, Event, Outcome, Trigger
from events.notifications.outbox import visit_began
from pipeline.errors import DoorbellError

logger = logging.getLogger(__name__)

# In SQL: building it took Django the half of what a press takes to be recorded.
PRESSES = "SELECT * FROM events_event WHERE trigger = %s AND started_at > %s AND started_at <= %s"
OF_CAMERA, OF_NO_CAMERA = "camera_id = %s", "camera_id IS NULL"


class UnknownCamera(DoorbellError):
    code = "unknown_camera"


@dataclass(frozen=True, slots=True)
class Ring:
    """`is_debounced`: the press fell within DEBOUNCE_TIME of the one that opened `event`."""

    event: Event
    is_debounced: bool


def ring(camera: Camera | None = None, *, pressed_by: str) -> Ring:
    """Record a press and wake the camera. Without a camera given, the first enabled one is meant.

    The press is a row before anything else happens; with no camera running its outcome is
    `no_picture`, with the reason.
    """
    camera = camera or default_camera()
    with transaction.atomic():
        _wait_in_turn(camera)
        event = _open_press(camera)
        if event is not None:
            logger.info("event %s: pressed again by %s, same visit", event.pk, pressed_by)
            return Ring(event, is_debounced=True)
        event = _record_press(camera)
    broadcast(PRESSED, event=event.pk, camera=event.camera_id)
    logger.info("event %s: pressed by %s, camera %s", event.pk, pressed_by, camera)
    _tell(event)
    return Ring(event, is_debounced=False)


def find_camera(name_or_id: str | int | None) -> Camera | None:
    """Return the camera of that name (case aside) or id; None for None or ''. Raises UnknownCamera."""
    if name_or_id in (None, ""):
        return None
    text = str(name_or_id)
    camera = Camera.objects.filter(name__iexact=text).first()
    if camera is None and text.isdecimal() and len(text) < 19:
        camera = Camera.objects.filter(pk=int(text)).first()
    if camera is None:
        names = ", ".join(repr(name) for name in Camera.objects.values_list("name", flat=True)[:10])
        raise UnknownCamera(
            f"there is no camera {text[:60]!r}; " + (f"there is {names}" if names else "none is set up")
        )
    return camera


def default_camera() -> Camera | None:
    """The first enabled camera, one that runs before one that does not."""
    cameras = list(Camera.objects.filter(is_enabled=True).order_by("id"))
    return next((camera for camera in cameras if camera.is_live), cameras[0] if cameras else None)


def _tell(event: Event) -> None:
    """Have the first notification written; trouble with it must not cost the press."""
    try:
        visit_began(event)
    except Exception:
        logger.exception("event %s: nobody can be notified of the press", event.pk)


def _wait_in_turn(camera: Camera | None) -> None:
    """Of two presses at once the second waits here and finds the first; on SQLite, where a transaction begins."""
    if camera is not None and connection.features.has_select_for_update:
        Camera.objects.select_for_update().get(pk=camera.pk)


def _open_press(camera: Camera | None) -> Event | None:
    """The visit that a press now still belongs to."""
    now = timezone.now()
    since = now - timedelta(seconds=settings.DEBOUNCE_TIME)
    # After the clock was set back an older press may lie in the future: it debounces nothing.
    at_camera = OF_NO_CAMERA if camera is None else OF_CAMERA
    values = [Trigger.PRESS, since, now] + ([] if camera is None else [camera.pk])
    return next(iter(Event.objects.raw(f"{PRESSES} AND {at_camera} ORDER BY started_at DESC, id DESC", values)), None)


def _record_press(camera: Camera | None) -> Event:
    if camera is not None and camera.is_live:
        return Event.objects.create(camera=camera, trigger=Trigger.PRESS)
    now = timezone.now()
    return Event.objects.create(
        camera=camera,
        trigger=Trigger.PRESS,
        started_at=now,
        closed_at=now,
        decided_at=now,
        outcome=Outcome.NO_PICTURE,
        reason=_why_no_picture(camera),
    )


def _why_no_picture(camera: Camera | None) -> str:
    if camera is None:
        return "No camera is set up. Start the doorbell with --source, or add a camera in the admin."
    if camera.state_text:
        return f"Camera {camera.name} is not running: {camera.state_text}"
    return f"Camera {camera.name} is not running. Start the doorbell, or run_capture --camera '{camera.name}'."
