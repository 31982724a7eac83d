"""Send on what got stuck: rows whose worker died, whose message was lost, or that never reached the
broker. Runs every few seconds; everything it does is safe to do twice."""

import logging
from datetime import datetime, timedelta

import redis
from celery import shared_task
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from events.claims import MAX_ATTEMPTS
from events.models import SETTLED, Capture, CaptureStatus, Event, FaceObservation, Trigger
from events.notifications.sweeping import sweep_notifications
from events.tasks import decide
from pipeline.queues import priority_of, queue_length, send
from pipeline.tasks import detect_faces, recognize_faces

logger = logging.getLogger(__name__)

QUIET_S = 3.0  # a row this old with an empty queue has lost its message
LOST_S = 60.0  # a row this old is sent again however long the queue is
PRESS_OPEN_S = 15.0  # a burst takes less than 2 s: its camera process has died
MOTION_OPEN_S = 90.0
BATCH = 500

TASK_OF = {
    CaptureStatus.SAVED: detect_faces,
    CaptureStatus.DETECTING: detect_faces,
    CaptureStatus.DETECTED: recognize_faces,
    CaptureStatus.RECOGNIZING: recognize_faces,
}


@shared_task
def sweep() -> None:
    """Queue `events`, by the scheduler."""
    now = timezone.now()
    _fail_hopeless(now)
    for status, queue in ((CaptureStatus.SAVED, "detection"), (CaptureStatus.DETECTED, "recognition")):
        _resend(Capture.objects.filter(status=status, status_at__lt=now - _patience(queue)), now)
    for status in (CaptureStatus.DETECTING, CaptureStatus.RECOGNIZING):
        _resend(Capture.objects.filter(status=status, claimed_at__lt=now - _lease(), status_at__lt=now - _lease()), now)
    _close_abandoned(now)
    _resend_unsettled(now)
    sweep_notifications()


def _lease() -> timedelta:
    return timedelta(seconds=settings.CLAIM_LEASE_S)


def _patience(queue: str) -> timedelta:
    """While messages wait in the queue, one of them may be the row's own."""
    try:
        return timedelta(seconds=LOST_S if queue_length(queue) else QUIET_S)
    except redis.RedisError:
        return timedelta(seconds=LOST_S)


def _resend(captures: QuerySet[Capture], now: datetime) -> None:
    """Send the oldest first, presses before the rest; stop at once when the broker is away."""
    rows = captures.order_by("status_at").values_list("pk", "status", "event_id", "event__trigger")[:BATCH]
    for pk, status, event_id, trigger in sorted(rows, key=lambda row: priority_of(row[3])):
        if not send(TASK_OF[CaptureStatus(status)], pk, priority=priority_of(trigger)):
            return
        Capture.objects.filter(pk=pk, status=status).update(status_at=now)
        logger.info("event %s: capture %s was stuck at %s, sent again", event_id, pk, status)


def _fail_hopeless(now: datetime) -> None:
    """Give up captures whose workers died MAX_ATTEMPTS times: one bad picture must not kill for ever."""
    reason = f"given up after {MAX_ATTEMPTS} attempts; the workers' log says what happened"
    hopeless = Capture.objects.filter(attempts__gte=MAX_ATTEMPTS).exclude(status__in=SETTLED)
    is_over = Q(claimed_at=None) | Q(claimed_at__lt=now - _lease())
    failed = hopeless.filter(is_over).update(status=CaptureStatus.FAILED, status_at=now, claimed_at=None, error=reason)
    if failed:
        FaceObservation.objects.filter(capture__status=CaptureStatus.FAILED).exclude(chip=None).update(chip=None)
        logger.error("%s captures %s", failed, reason)


def _close_abandoned(now: datetime) -> None:
    """Close events whose camera process died before it could."""
    open_events = Event.objects.filter(closed_at=None)
    for trigger, limit_s in ((Trigger.PRESS, PRESS_OPEN_S), (Trigger.MOTION, MOTION_OPEN_S)):
        abandoned = open_events.filter(trigger=trigger, started_at__lt=now - timedelta(seconds=limit_s))
        if closed := abandoned.update(closed_at=now):
            logger.warning("%s %s events were left open by their camera and are closed", closed, trigger)


def _resend_unsettled(now: datetime) -> None:
    """Have events decided whose captures are all through."""
    unsettled = Capture.objects.filter(event=OuterRef("pk")).exclude(status__in=SETTLED)
    before = now - timedelta(seconds=QUIET_S)
    events = Event.objects.filter(Q(closed_at__lt=before), ~Exists(unsettled), settled_at=None)
    for pk, trigger in events.order_by("started_at").values_list("pk", "trigger")[:BATCH]:
        if not send(decide, pk, priority=priority_of(trigger)):
            return
