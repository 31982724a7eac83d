"""Leases on captures: whoever moves the status on owns the stage, until the lease ends.

In SQL, because a visitor waits for each of these statements: after a moment of idleness Django takes 0.5 to 1.4 ms to
build one, several times what the databases take to run it.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from events.models import CaptureStatus

MAX_ATTEMPTS = 5  # a capture that fails this often is given up, with the reason on the row

TAKE = """
    UPDATE events_capture SET status = %s, claimed_at = %s, status_at = %s, attempts = attempts + 1
    WHERE id = %s AND attempts < %s AND (status = %s OR (status = %s AND claimed_at < %s))
"""
READ = """
    SELECT event_id, trigger, attempts, image, region, min_face_px
    FROM events_capture AS capture
    JOIN events_event AS event ON event.id = event_id
    LEFT JOIN events_camera AS camera ON camera.id = camera_id
    WHERE capture.id = %s
"""
END = """
    UPDATE events_capture SET status = %s, claimed_at = NULL, status_at = %s, error = %s
    WHERE id = %s AND claimed_at = %s
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A capture as whoever took it finds it.

    at: when, which is the token to end the claim by. attempts: this one included. image: the picture's name in the
    storage. region: top, right, bottom, left where something moved, None for everywhere. min_face_px: the camera's,
    None where there is no camera.
    """

    capture_id: int
    at: datetime
    event_id: int
    trigger: str
    attempts: int
    image: str
    region: tuple[int, int, int, int] | None
    min_face_px: int | None


def claim(capture_id: int, *, ready: CaptureStatus, working: CaptureStatus) -> Claim | None:
    """Take a capture that is `ready`, or whose `working` claim is older than the lease; None when it is not to be had.

    The UPDATE is conditional: of two workers that try at once, one changes the row.
    """
    now = timezone.now()
    expired = now - timedelta(seconds=settings.CLAIM_LEASE_S)
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE, [working, _time(now), _time(now), capture_id, MAX_ATTEMPTS, ready, working, _time(expired)]
        )
        if cursor.rowcount != 1:
            return None
        cursor.execute(READ, [capture_id])
        row = cursor.fetchone()
    if row is None:
        return None  # its visit was deleted in this moment
    event_id, trigger, attempts, image, region, min_face_px = row
    place = None if region is None else tuple(json.loads(region))
    return Claim(capture_id, now, event_id, trigger, attempts, image, place, min_face_px)


def release(mine: Claim, *, to: CaptureStatus, error: str = "") -> bool:
    """End a claim; False when the lease ran out and another worker owns the row by now, or when the row is gone."""
    with connection.cursor() as cursor:
        cursor.execute(END, [to, _time(timezone.now()), error[:300], mine.capture_id, _time(mine.at)])
        return bool(cursor.rowcount == 1)


def _time(moment: datetime) -> Any:
    """As this database keeps it."""
    return connection.ops.adapt_datetimefield_value(moment)
