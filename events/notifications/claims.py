"""Leases on notifications: whoever moves one to `sending` delivers it, until the lease ends."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from events.notifications.models import Notification, NotificationStatus


def claim_notification(notification_id: int) -> datetime | None:
    """Take a notification that is due, or whose sender's lease ran out.

    One conditional UPDATE: of two workers that try at once, one changes the row. Returns the time of
    the claim, which is the token to end it by, or None when the row is not to be had.
    """
    now = timezone.now()
    is_due = Q(status=NotificationStatus.WAITING, next_try_at__lte=now)
    is_abandoned = Q(status=NotificationStatus.SENDING, claimed_at__lt=now - lease())
    taken = Notification.objects.filter(is_due | is_abandoned, pk=notification_id).update(
        status=NotificationStatus.SENDING, claimed_at=now, attempts=F("attempts") + 1
    )
    return now if taken == 1 else None


def end_claim(notification_id: int, claimed_at: datetime, *, to: NotificationStatus, **changes: Any) -> bool:
    """False when the lease ran out and another worker owns the row by now."""
    ended = Notification.objects.filter(
        pk=notification_id, claimed_at=claimed_at, status=NotificationStatus.SENDING
    ).update(status=to, claimed_at=None, **changes)
    return ended == 1


def lease() -> timedelta:
    return timedelta(seconds=settings.NOTIFY_LEASE_S)
