"""Queue `events`, by the scheduler."""

import logging

from celery import shared_task

from health.snapshots import take_snapshot, thin_snapshots

logger = logging.getLogger(__name__)


@shared_task
def snapshot_health() -> None:
    """Take one snapshot; the next comes at its own time whatever happens to this one."""
    assessment = take_snapshot()
    if assessment.warning:
        logger.warning("%s", assessment.warning)


@shared_task
def thin_health() -> None:
    thin_snapshots()
