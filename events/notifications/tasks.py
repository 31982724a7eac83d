"""Queue `notifications`."""

from celery import shared_task
from django.conf import settings

from events.notifications.delivery import deliver_notification


@shared_task(soft_time_limit=settings.NOTIFY_LEASE_S * 0.6, time_limit=settings.NOTIFY_LEASE_S * 0.8)
def deliver(notification_id: int) -> None:
    """Send one notification; it owns its retries, by rows and the sweeper."""
    deliver_notification(notification_id)
