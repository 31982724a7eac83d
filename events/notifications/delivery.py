"""Deliver one notification: claim, compose, send, record. Safe to run twice; a worker that dies after
sending and before recording leaves a row that is sent once more when its lease ends."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from events.models import Event, Outcome
from events.notifications.backoff import wait_after
from events.notifications.channels import kind_of, open_channel
from events.notifications.channels.base import Channel, DeliveryError
from events.notifications.claims import claim_notification, end_claim
from events.notifications.composing import compose
from events.notifications.message import Message
from events.notifications.models import (
    Notification,
    NotificationChannel,
    NotificationStatus,
    RuleResult,
    Step,
)
from events.notifications.outbox import visit_decided
from events.notifications.queueing import send_rows
from events.notifications.scenes import load_event
from events.notifications.sealing import redact
from events.notifications.wording import plain_title
from pipeline.errors import DoorbellError

logger = logging.getLogger(__name__)

PAUSE_AFTER = 3  # failures in a row after which a channel rests, so that it does not hold up the others
LONGEST_PAUSE = timedelta(minutes=5)
BEGAN_FOR = timedelta(seconds=60)  # "somebody is at the door" is no news after that


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker may deliver until the lease ends; `event` None for the doorbell's own.
    `evaluated_at`: the state of the rules' result when it was claimed."""

    row: Notification
    claimed_at: datetime
    event: Event | None
    evaluated_at: datetime | None = None


def deliver_notification(notification_id: int, channel: Channel | None = None) -> None:
    """channel: what to send by; by default the row's channel is opened."""
    claimed_at = claim_notification(notification_id)
    if claimed_at is None:
        return
    row = Notification.objects.select_related("channel").get(pk=notification_id)
    claimed = _load(row, claimed_at)
    if (reason := _why_skip(claimed)) is not None:
        end_claim(row.pk, claimed_at, to=NotificationStatus.SKIPPED, error=reason)
    elif row.channel.paused_until is not None and row.channel.paused_until > timezone.now():
        _put_off(claimed, row.channel.paused_until)
    else:
        _send(claimed, channel)
    if claimed.event is not None and (reason is not None or _evaluated_at(row) != claimed.evaluated_at):
        visit_decided(claimed.event)  # what was decided while this was on its way is told next


def _load(row: Notification, claimed_at: datetime) -> Claimed:
    if row.event_id is None:
        return Claimed(row, claimed_at, None)
    evaluated_at = _evaluated_at(row)  # before the event: what is decided after this is noticed by it
    return Claimed(row, claimed_at, load_event(row.event_id), evaluated_at)


def _evaluated_at(row: Notification) -> datetime | None:
    return RuleResult.objects.filter(event=row.event_id).values_list("evaluated_at", flat=True).first()


def _why_skip(claimed: Claimed) -> str | None:
    row, event = claimed.row, claimed.event
    if not row.channel.is_enabled:
        return "the channel is switched off"
    if row.step != Step.BEGAN or event is None:
        return None
    if event.outcome != Outcome.PENDING:
        return "it was decided before this was due"
    if timezone.now() - row.armed_at > BEGAN_FOR:
        return "it could not go out while it was news"
    return None


def _put_off(claimed: Claimed, until: datetime) -> None:
    """The channel rests: wait without counting this as an attempt."""
    end_claim(
        claimed.row.pk,
        claimed.claimed_at,
        to=NotificationStatus.WAITING,
        next_try_at=until,
        queued_at=None,
        attempts=F("attempts") - 1,
        error=claimed.row.channel.last_error,
    )


def _send(claimed: Claimed, channel: Channel | None) -> None:
    row = claimed.row
    message = None
    try:
        message = compose(row, claimed.event)
        receipts = (channel or open_channel(row.channel)).send(message)
    except DeliveryError as error:
        _record_failure(claimed, message, error)
    except SoftTimeLimitExceeded:
        slow = DeliveryError("it took too long and was broken off", permanent=False)
        _record_failure(claimed, message, slow)
    except DatabaseError:
        raise  # the lease runs out and the sweeper sends the row on, when the database is back
    except DoorbellError as error:
        _record_failure(claimed, message, DeliveryError(str(error), permanent=True))
    except Exception as error:
        logger.exception("notification %s by %s", row.pk, row.channel.kind)
        unforeseen = DeliveryError(f"{type(error).__name__}: {error}", permanent=False)
        _record_failure(claimed, message, unforeseen)
    else:
        _record_sent(claimed, message, receipts)


def _record_sent(claimed: Claimed, message: Message, receipts: dict[str, str]) -> None:
    row, now = claimed.row, timezone.now()
    is_ours = end_claim(
        row.pk,
        claimed.claimed_at,
        to=NotificationStatus.SENT,
        sent_at=now,
        title=plain_title(message.title),
        body=message.body,
        outcome=claimed.event.outcome if claimed.event else row.outcome,
        receipts=receipts,
        error="",
    )
    NotificationChannel.objects.filter(pk=row.channel_id).update(failures=0, paused_until=None, last_sent_at=now)
    about = f"event {row.event_id}" if row.event_id else "the doorbell"
    late = "" if is_ours else ", after its lease had ended: somebody else may have sent it, too"
    logger.info("%s: told by %s, notification %s%s", about, row.channel.kind, row.pk, late)


def _record_failure(claimed: Claimed, message: Message | None, error: DeliveryError) -> None:
    row, now = claimed.row, timezone.now()
    reason = redact(str(error), _secrets_of(row.channel))[:300]
    wait = wait_after(row.attempts, base_s=settings.NOTIFY_RETRY_BASE_S, retry_after_s=error.retry_after_s)
    is_hopeless = error.permanent or now + wait > row.armed_at + timedelta(seconds=settings.NOTIFY_GIVE_UP_S)
    if not error.permanent and is_hopeless:
        reason = f"given up after {row.attempts} attempts: {reason}"[:300]
    title, body = (plain_title(message.title), message.body) if message else (row.title, row.body)
    to = NotificationStatus.FAILED if is_hopeless else NotificationStatus.WAITING
    changes = {"error": reason, "next_try_at": now + wait, "receipts": row.receipts | error.receipts}
    end_claim(row.pk, claimed.claimed_at, to=to, title=title, body=body, **changes)
    logger.warning("notification %s by %s, attempt %s: %s", row.pk, row.channel.kind, row.attempts, reason)
    _record_trouble(row.channel, reason, error, now)
    if to == NotificationStatus.WAITING:
        row.next_try_at = now + wait
        send_rows([row])


def _record_trouble(channel: NotificationChannel, reason: str, error: DeliveryError, now: datetime) -> None:
    """Let the channel rest when it asked for it, or when it failed several times in a row."""
    NotificationChannel.objects.filter(pk=channel.pk).update(
        failures=F("failures") + 1, last_error=reason, last_error_at=now
    )
    if error.ends_channel:
        NotificationChannel.objects.filter(pk=channel.pk).update(is_enabled=False)
    if error.permanent:
        return
    channel.refresh_from_db(fields=["failures"])
    beyond = channel.failures - PAUSE_AFTER
    pause = timedelta(0)
    if beyond >= 0:
        pause = min(wait_after(beyond + 1, base_s=settings.NOTIFY_RETRY_BASE_S), LONGEST_PAUSE)
    if error.retry_after_s is not None:
        pause = max(pause, wait_after(1, base_s=0.0, retry_after_s=error.retry_after_s))
    if pause:
        NotificationChannel.objects.filter(pk=channel.pk).update(paused_until=now + pause)


def _secrets_of(channel: NotificationChannel) -> tuple[str, ...]:
    try:
        return kind_of(channel).secrets(channel.config)
    except DoorbellError:
        return ()
