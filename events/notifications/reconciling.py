"""What one channel still has to hear about a visit: from the rows there are to the rows there should be.

A channel that was told nothing gets one message with what is known. One that was told already is
updated when it can replace a message, as often as the words change; any other is told once more, and
only when somebody on the watch-list turns out to be there.
"""

from dataclasses import dataclass

from django.utils import timezone

from events.models import Event, Outcome
from events.notifications.channels import KINDS
from events.notifications.models import Notification, NotificationChannel, NotificationStatus, Priority, Step
from events.notifications.rules import Decision

IN_TIME = "it was decided before this was due"
NOT_WANTED = "by the time it could go out, the rules told nobody"


@dataclass(frozen=True, slots=True)
class Plan:
    """`arm`: the row to send, changed or new; `skip`: waiting rows that there is no need for any more."""

    arm: Notification | None = None
    skip: tuple[int, ...] = ()
    why_skipped: str = ""


def plan_for(
    event: Event,
    channel: NotificationChannel,
    rows: list[Notification],
    decision: Decision,
    words: tuple[str, str],
) -> Plan:
    """rows: the event's on this channel, the last sent at the end; words: title and body as they would be said now."""
    if any(row.status == NotificationStatus.SENDING for row in rows):
        return Plan()  # whoever is sending comes back here afterwards
    is_wanted = channel.is_told_everything or (
        decision.rule is not None and (decision.rule.channel_ids is None or channel.pk in decision.rule.channel_ids)
    )
    told = [row for row in rows if row.status == NotificationStatus.SENT]
    if told:
        return _second_word(event, channel, rows, told, decision, words, is_wanted=is_wanted)
    return _first_word(event, channel, rows, decision, words, is_wanted=is_wanted)


def _first_word(
    event: Event,
    channel: NotificationChannel,
    rows: list[Notification],
    decision: Decision,
    words: tuple[str, str],
    *,
    is_wanted: bool,
) -> Plan:
    waiting = [row for row in rows if row.status == NotificationStatus.WAITING]
    if not is_wanted:
        return Plan(skip=tuple(row.pk for row in waiting), why_skipped=NOT_WANTED)
    began = tuple(row.pk for row in waiting if row.step == Step.BEGAN)
    decided = next((row for row in rows if row.step == Step.DECIDED), None)
    return Plan(_armed(event, channel, decided, Step.DECIDED, decision, words), skip=began, why_skipped=IN_TIME)


def _second_word(
    event: Event,
    channel: NotificationChannel,
    rows: list[Notification],
    told: list[Notification],
    decision: Decision,
    words: tuple[str, str],
    *,
    is_wanted: bool,
) -> Plan:
    began = tuple(row.pk for row in rows if row.status == NotificationStatus.WAITING and row.step == Step.BEGAN)
    skip = Plan(skip=began, why_skipped=IN_TIME)
    kind = KINDS.get(channel.kind)
    if kind is not None and kind.can_replace:
        is_news = (told[-1].title, told[-1].body) != words
    else:
        is_alarm = event.outcome == Outcome.BLOCKED and told[-1].outcome != Outcome.BLOCKED
        is_news = is_alarm and is_wanted and len(told) == 1
    if not is_news:
        return skip
    by_step = {row.step: row for row in rows}
    step = Step.CORRECTED if Step.DECIDED in by_step else Step.DECIDED
    row = _armed(event, channel, by_step.get(step), step, decision, words)
    if row is not None and row.pk is not None and row.receipts:
        _hand_on_receipts(row, told[0])
    return Plan(row, skip=began, why_skipped=IN_TIME)


def _armed(
    event: Event,
    channel: NotificationChannel,
    row: Notification | None,
    step: Step,
    decision: Decision,
    words: tuple[str, str],
) -> Notification | None:
    """The row made ready to go, None when it waits already or failed for good with these very words."""
    rule = decision.rule
    priority = rule.priority if rule else Priority.LOW
    with_picture = rule.with_picture if rule else channel.is_told_everything
    now = timezone.now()
    if row is None:
        return Notification(
            event=event,
            channel=channel,
            step=step,
            priority=priority,
            with_picture=with_picture,
            armed_at=now,
            next_try_at=now,
        )
    if row.status == NotificationStatus.FAILED and (row.title, row.body) == words:
        return None
    is_unchanged = (row.priority, row.with_picture) == (priority, with_picture)
    if row.status == NotificationStatus.WAITING and is_unchanged:
        return None
    row.status, row.attempts, row.error, row.channel = NotificationStatus.WAITING, 0, "", channel
    row.armed_at = row.next_try_at = now
    row.priority, row.with_picture = priority, with_picture
    return row


def _hand_on_receipts(row: Notification, first: Notification) -> None:
    """A row that goes out again must not take its own last receipts for work already done."""
    first.receipts = first.receipts | row.receipts
    first.save(update_fields=["receipts"])
    row.receipts = {}
