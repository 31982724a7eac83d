"""Send on what got stuck in the outbox, and forget what is old. Everything here is safe to do twice."""

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from events.notifications.claims import lease
from events.notifications.models import Notification, NotificationStatus, Step
from events.notifications.queueing import send_rows

logger = logging.getLogger(__name__)

LOST = timedelta(seconds=15)  # queued so long ago and still due: its message is lost, or waits behind others
SYSTEM_KEPT = timedelta(days=30)
BATCH = 500


def sweep_notifications() -> int:
    """Queue what is due or was left by a dead worker; returns how many."""
    now = timezone.now()
    is_due = Q(status=NotificationStatus.WAITING, next_try_at__lte=now)
    is_abandoned = Q(status=NotificationStatus.SENDING, claimed_at__lt=now - lease())
    not_queued_lately = Q(queued_at=None) | Q(queued_at__lt=now - LOST)
    rows = Notification.objects.filter(is_due | is_abandoned).filter(not_queued_lately).select_related("channel")
    sent = send_rows(list(rows.order_by("next_try_at")[:BATCH]))
    Notification.objects.filter(step=Step.SYSTEM, created_at__lt=now - SYSTEM_KEPT).delete()
    return sent
