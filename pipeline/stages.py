"""A stage works on a capture that it has claimed; what goes wrong is stored on the row."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.db import DatabaseError, transaction

from events import measurements
from events.claims import release
from events.models import Capture, CaptureStatus
from events.tasks import decide
from pipeline.errors import DoorbellError
from pipeline.queues import enqueue, priority_of

logger = logging.getLogger(__name__)
T = TypeVar("T")


class GiveUp(DoorbellError):
    """Trying this capture again would change nothing; the text says why."""

    code = "given_up"


def run_stage(name: str, stage: Callable[[int, datetime], T], capture_id: int, claimed_at: datetime) -> T | None:
    """Return what the stage does, or None when the capture is given up: its row says why, and the event goes on
    without it.

    Raises DatabaseError: the claim runs out then, and the sweeper sends the row on when the database is back.
    """
    try:
        with measurements.measured(name):
            return stage(capture_id, claimed_at)
    except DatabaseError:
        raise
    except GiveUp as error:
        _give_up(capture_id, claimed_at, str(error))
    except Exception as error:
        logger.exception("capture %s failed", capture_id)
        _give_up(capture_id, claimed_at, f"{type(error).__name__}: {error}")
    return None


def _give_up(capture_id: int, claimed_at: datetime, reason: str) -> None:
    capture = Capture.objects.select_related("event").filter(pk=capture_id).first()
    if capture is None:
        return  # its visit was deleted meanwhile
    logger.warning("event %s: capture %s given up: %s", capture.event_id, capture.pk, reason)
    with transaction.atomic():
        if release(capture.pk, claimed_at, to=CaptureStatus.FAILED, error=reason):
            capture.observations.update(chip=None)
            enqueue(decide, capture.event_id, priority=priority_of(capture.event.trigger))
