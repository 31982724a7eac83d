"""The outbox: which notifications there are to be. Everything here is safe to do twice.

`visit_began` and `visit_decided` are called by whoever opens and decides events, in the transaction of
that change; the rows are committed with it and sent on afterwards.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from events.models import Event, Outcome, Trigger
from events.notifications.composing import words_about
from events.notifications.deciding import decide_on, decide_on_press, decide_on_system
from events.notifications.models import (
    Notification,
    NotificationChannel,
    NotificationStatus,
    Priority,
    RuleResult,
    Step,
)
from events.notifications.queueing import enqueue_on_commit
from events.notifications.reconciling import Plan, plan_for
from events.notifications.rules import Decision, Rule
from events.notifications.scenes import load_event, visit_of

logger = logging.getLogger(__name__)

# In SQL: every decision asks for them, mostly to find none, and building the queryset took it half a millisecond.
ENABLED = "SELECT * FROM events_notificationchannel WHERE is_enabled ORDER BY name, id"
REARMED = ["status", "attempts", "next_try_at", "armed_at", "error", "receipts", "priority", "with_picture"]
SAME_TROUBLE = timedelta(hours=1)  # the same trouble is told once in this time


def visit_began(event: Event) -> None:
    """A press: have "Somebody is at the door" go out after NOTIFY_WAIT_S, unless it is decided before.

    Until then a visitor counts as a stranger: who would be told of one is told. An event that is
    decided already goes on to `visit_decided`; motion and uploads have no first step.
    """
    if event.outcome != Outcome.PENDING:
        visit_decided(event)
        return
    channels = enabled_channels()
    if event.trigger != Trigger.PRESS or not channels:
        return
    decision = decide_on_press(event)
    with transaction.atomic():
        rows = [_began_row(event, channel, decision) for channel in channels if _is_told_of_press(channel, decision)]
        enqueue_on_commit(_create_missing(event, rows))


def visit_decided(event: Event) -> None:
    """Have everybody told whom the rules name, and those corrected who were told otherwise.

    Call it whenever an event's outcome or people may have changed.
    """
    channels = enabled_channels()
    if not channels:
        return
    with transaction.atomic():
        locked = Event.objects.select_for_update().filter(pk=event.pk).first()  # one of two callers waits here
        if locked is None or locked.outcome == Outcome.PENDING:
            return
        loaded = load_event(event.pk)
        decision = decide_on(loaded)
        _keep_result(loaded, decision)
        enqueue_on_commit(_reconcile(loaded, channels, decision))


def system_error(title: str, body: str = "", *, priority: Priority | None = None) -> None:
    """Tell of trouble with the doorbell itself; the same title again within an hour is not repeated."""
    decision = decide_on_system()
    now = timezone.now()
    if decision.rule is None or _was_told(title, now):
        return
    rows = [
        Notification(
            channel=channel,
            step=Step.SYSTEM,
            priority=priority or decision.rule.priority,
            title=title[:200],
            body=body[:800],
            outcome="system",
            next_try_at=now,
        )
        for channel in enabled_channels()
        if channel.is_told_everything or _is_named(channel, decision.rule)
    ]
    with transaction.atomic():
        enqueue_on_commit(Notification.objects.bulk_create(rows))


def try_again(rows: Iterable[Notification]) -> int:
    """Send failed and skipped notifications anew; returns how many."""
    ids = [row.pk for row in rows if row.status in (NotificationStatus.FAILED, NotificationStatus.SKIPPED)]
    now = timezone.now()
    with transaction.atomic():
        Notification.objects.filter(pk__in=ids).update(
            status=NotificationStatus.WAITING, attempts=0, next_try_at=now, armed_at=now, error=""
        )
        enqueue_on_commit(list(Notification.objects.filter(pk__in=ids).select_related("channel")))
    return len(ids)


def enabled_channels() -> list[NotificationChannel]:
    """None while notifications are switched off as a whole. A browser's owner must still be let in."""
    if not settings.NOTIFICATIONS_ENABLED:
        return []
    enabled = list(NotificationChannel.objects.raw(ENABLED))
    prefetch_related_objects(enabled, "owner")
    return [channel for channel in enabled if channel.owner is None or channel.owner.is_active]


def _began_row(event: Event, channel: NotificationChannel, decision: Decision) -> Notification:
    return Notification(
        event=event,
        channel=channel,
        step=Step.BEGAN,
        priority=decision.rule.priority if decision.rule else Priority.NORMAL,
        with_picture=decision.rule.with_picture if decision.rule else True,
        next_try_at=event.started_at + timedelta(seconds=settings.NOTIFY_WAIT_S),
    )


def _is_told_of_press(channel: NotificationChannel, decision: Decision) -> bool:
    if channel.is_told_everything:
        return True
    return decision.rule is not None and decision.rule.is_told_at_once and _is_named(channel, decision.rule)


def _is_named(channel: NotificationChannel, rule: Rule) -> bool:
    return rule.channel_ids is None or channel.pk in rule.channel_ids


def _create_missing(event: Event, rows: list[Notification]) -> list[Notification]:
    """Insert those that are not there yet; another caller may have been quicker."""
    kept = set(event.notifications.values_list("channel_id", "step"))
    missing = [row for row in rows if (row.channel_id, row.step) not in kept]
    Notification.objects.bulk_create(missing, ignore_conflicts=True)
    wanted = {(row.channel_id, row.step) for row in missing}
    stored = event.notifications.select_related("channel")
    return [row for row in stored if (row.channel_id, row.step) in wanted]


def _keep_result(event: Event, decision: Decision) -> None:
    RuleResult.objects.update_or_create(
        event=event,
        defaults={
            "reasons": list(decision.reasons),
            "is_told": decision.rule is not None,
            "joined_id": decision.joined,
            "person_ids": [pk for pk, _ in visit_of(event).people],
            "evaluated_at": timezone.now(),
        },
    )


def _reconcile(event: Event, channels: list[NotificationChannel], decision: Decision) -> list[Notification]:
    """Bring every channel's rows in line with what is known now; returns those to send."""
    by_channel: dict[int, list[Notification]] = {}
    for row in event.notifications.order_by("sent_at"):
        by_channel.setdefault(row.channel_id, []).append(row)
    words = words_about(event)
    plans = [plan_for(event, channel, by_channel.get(channel.pk, []), decision, words) for channel in channels]
    return [row for plan in plans for row in _carry_out(event, plan)]


def _carry_out(event: Event, plan: Plan) -> list[Notification]:
    waiting = Notification.objects.filter(status=NotificationStatus.WAITING)
    if plan.skip:
        waiting.filter(pk__in=plan.skip).update(status=NotificationStatus.SKIPPED, error=plan.why_skipped)
    if plan.arm is None:
        return []
    if plan.arm._state.adding:
        return _create_missing(event, [plan.arm])
    plan.arm.save(update_fields=REARMED)
    return [plan.arm]


def _was_told(title: str, now: datetime) -> bool:
    return Notification.objects.filter(step=Step.SYSTEM, title=title[:200], created_at__gt=now - SAME_TROUBLE).exists()
