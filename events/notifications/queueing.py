"""Put notifications on their way, by the queue `notifications`. A message carries an id; when the broker
is away the row waits, and the sweeper sends it later."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import redis
from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from events.notifications.models import Notification, Priority

logger = logging.getLogger(__name__)

QUEUE = "notifications"
TASK = "events.notifications.tasks.deliver"
SOON = timedelta(seconds=30)  # what is due later is left to the sweeper
FIRST, LATER = 0, 5


def enqueue_on_commit(rows: Sequence[Notification]) -> None:
    """Send once the transaction around this call is committed."""
    if rows:
        transaction.on_commit(lambda: send_rows(rows))


def send_rows(rows: Sequence[Notification]) -> int:
    """Send now what is due soon; stops at once, with a line in the log, when the broker is away.

    Returns how many went.
    """
    now = timezone.now()
    sent: list[int] = []
    for row in rows:
        if row.next_try_at - now > SOON:
            continue
        if not _send(row, now):
            break
        sent.append(row.pk)
    Notification.objects.filter(pk__in=sent).update(queued_at=now)
    return len(sent)


def rank_of(row: Notification) -> int:
    """The priority of its message in the queue, the smallest first."""
    return LATER if row.priority == Priority.LOW else FIRST


def _send(row: Notification, now: datetime) -> bool:
    wait_s = max((row.next_try_at - now).total_seconds(), 0.0)
    try:
        current_app.send_task(
            TASK,
            (row.pk,),
            queue=QUEUE,
            priority=rank_of(row),
            countdown=wait_s or None,
            retry=False,
        )
    except (OperationalError, redis.RedisError) as error:
        logger.warning("notification %s waits for the broker: %s", row.pk, error)
        return False
    return True
