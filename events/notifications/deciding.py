"""Ask the rules about a visit, with what the database knows of earlier ones."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from events.models import Event, Outcome
from events.notifications.models import RuleResult
from events.notifications.rulebook import current_rules
from events.notifications.rules import SYSTEM, Decision, Telling, Visit, evaluate
from events.notifications.scenes import visit_of

RECENT_MAX = 500


def decide_on(event: Event) -> Decision:
    """event: as `load_event` gives it."""
    return _ask(visit_of(event), event)


def decide_on_press(event: Event) -> Decision:
    """Before it is decided a visitor counts as a stranger."""
    camera = event.camera.name if event.camera else ""
    at = timezone.localtime(event.started_at)
    return _ask(Visit(Outcome.UNKNOWN, event.trigger, at, event.camera_id, camera), event)


def decide_on_system() -> Decision:
    return evaluate(current_rules(), Visit(SYSTEM, "", timezone.localtime()))


def _ask(visit: Visit, event: Event) -> Decision:
    return evaluate(
        current_rules(),
        visit,
        told=lambda limit: _told_before(visit, event, limit),
        group_motion=timedelta(seconds=settings.NOTIFY_MOTION_GROUP_S),
    )


def _told_before(visit: Visit, event: Event, limit: timedelta) -> list[Telling]:
    recent = RuleResult.objects.filter(
        is_told=True, event__started_at__gt=visit.at - limit, event__started_at__lte=visit.at
    )
    results = recent.exclude(event=event).select_related("event").order_by("-event__started_at")[:RECENT_MAX]
    return [
        Telling(
            event_id=result.event_id,
            at=timezone.localtime(result.event.started_at),
            outcome=result.event.outcome,
            camera_id=result.event.camera_id,
            person_ids=frozenset(result.person_ids),
        )
        for result in results
    ]
