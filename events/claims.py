"""Leases on captures: whoever moves the status on owns the stage, until the lease ends."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from events.models import Capture, CaptureStatus

MAX_ATTEMPTS = 5  # a capture that fails this often is given up, with the reason on the row


def claim(capture_id: int, *, ready: CaptureStatus, working: CaptureStatus) -> datetime | None:
    """Take a capture that is `ready`, or whose `working` claim is older than the lease.

    One conditional UPDATE: of two workers that try at once, one changes the row. Returns the
    time of the claim, which is the token to end it by, or None when the row is not to be had.
    """
    now = timezone.now()
    expired = now - timedelta(seconds=settings.CLAIM_LEASE_S)
    taken = Capture.objects.filter(
        Q(status=ready) | Q(status=working, claimed_at__lt=expired), pk=capture_id, attempts__lt=MAX_ATTEMPTS
    ).update(status=working, claimed_at=now, status_at=now, attempts=F("attempts") + 1)
    return now if taken == 1 else None


def release(capture_id: int, claimed_at: datetime, *, to: CaptureStatus, error: str = "") -> bool:
    """End a claim; False when the lease ran out and another worker owns the row by now."""
    released = Capture.objects.filter(pk=capture_id, claimed_at=claimed_at).update(
        status=to, claimed_at=None, status_at=timezone.now(), error=error[:300]
    )
    return released == 1
