"""Say on a visit's page why somebody was told, or why not."""

from django.utils import timezone

from events.models import Event, Outcome
from events.notifications.models import Notification, NotificationChannel, NotificationStatus, RuleResult, Step


def explain(event: Event) -> list[str]:
    """Sentences in order: what the rules said, then what became of each message."""
    result = RuleResult.objects.filter(event=event).first()
    rows = list(event.notifications.select_related("channel").order_by("created_at", "pk"))
    sentences = [str(reason) for reason in result.reasons] if result else []
    if not rows and not result:
        return [_why_nothing(event)]
    return [*sentences, *(_describe(row) for row in rows)]


def _why_nothing(event: Event) -> str:
    if not NotificationChannel.objects.filter(is_enabled=True).exists():
        return "Nobody was told: no channel is set up."
    if event.outcome == Outcome.PENDING:
        return "Nobody has been told yet: the visit is not decided."
    return "Nobody was told: no channel was set up at that time."


def _describe(row: Notification) -> str:
    what = "" if row.step in (Step.DECIDED, Step.SYSTEM) else f", “{row.get_step_display()}”"
    who = f"{row.channel.name}{what}"
    attempts = f" ({row.attempts} attempts)" if row.attempts > 1 else ""
    if row.status == NotificationStatus.SENT and row.sent_at:
        return f"{who}: sent at {timezone.localtime(row.sent_at):%H:%M:%S}{attempts}."
    if row.status == NotificationStatus.FAILED:
        return f"{who}: failed{attempts}: {row.error}."
    if row.status == NotificationStatus.SKIPPED:
        return f"{who}: not sent, because {row.error}."
    if row.error:
        return f"{who}: trying again at {timezone.localtime(row.next_try_at):%H:%M:%S}{attempts}: {row.error}."
    return f"{who}: on its way."
