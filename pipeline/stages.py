"""A stage works on a capture that it has claimed; what goes wrong is stored on the row."""

import logging
from collections.abc import Callable
from typing import TypeAlias

from django.db import DatabaseError, transaction

from events import measurements
from events.claims import Claim, release
from events.models import CaptureStatus, FaceObservation
from events.tasks import decide
from pipeline.errors import DoorbellError
from pipeline.queues import enqueue, priority_of

logger = logging.getLogger(__name__)
Stage: TypeAlias = Callable[[Claim], bool]  # whether the capture is through with that


class GiveUp(DoorbellError):
    """Trying this capture again would change nothing; the text says why."""

    code = "given_up"


def run_stage(name: str, stage: Stage, mine: Claim) -> bool:
    """Return what the stage does, and False when the capture is given up: its row says why, and the event goes on
    without it.

    Raises DatabaseError: the claim runs out then, and the sweeper sends the row on when the database is back.
    """
    try:
        with measurements.measured(name):
            return stage(mine)
    except DatabaseError:
        raise
    except GiveUp as error:
        _give_up(mine, str(error))
    except Exception as error:
        logger.exception("capture %s failed", mine.capture_id)
        _give_up(mine, f"{type(error).__name__}: {error}")
    return False


def _give_up(mine: Claim, reason: str) -> None:
    with transaction.atomic():
        if not release(mine, to=CaptureStatus.FAILED, error=reason):
            return  # another worker has it, or its visit was deleted meanwhile
        FaceObservation.objects.filter(capture=mine.capture_id).update(chip=None)
        enqueue(decide, mine.event_id, priority=priority_of(mine.trigger))
    logger.warning("event %s: capture %s given up: %s", mine.event_id, mine.capture_id, reason)
