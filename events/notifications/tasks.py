"""Queue `notifications`."""

from celery import shared_task
from django.conf import settings

from events.notifications.turns import deliver_in_turn


@shared_task(soft_time_limit=settings.NOTIFY_LEASE_S * 0.6, time_limit=settings.NOTIFY_LEASE_S * 0.8)
def deliver(notification_id: int) -> None:
    """Send one notification, and what waits in line behind it; it owns its retries, by rows and the sweeper."""
    deliver_in_turn(notification_id)
