"""Read from an event what rules and messages need of it."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from events.browsing import events_to_show
from events.models import Event
from events.notifications.models import RuleResult
from events.notifications.rules import Visit
from events.notifications.wording import Scene
from events.people import people_at
from events.telling import sightings


def load_event(event_id: int) -> Event:
    """With camera, captures, observations and people. Raises Event.DoesNotExist."""
    return events_to_show().get(pk=event_id)


def visit_of(event: Event) -> Visit:
    """Queries nothing on what `load_event` returned; so do the others here, but for `scene_of`."""
    return Visit(
        outcome=event.outcome,
        trigger=event.trigger,
        at=timezone.localtime(event.started_at),
        camera_id=event.camera_id,
        camera=event.camera.name if event.camera else "",
        people=tuple((person.person_id, person.name) for person in people_at(event)),
    )


def scene_of(event: Event) -> Scene:
    people = people_at(event)
    return Scene(
        outcome=event.outcome,
        trigger=event.trigger,
        at=timezone.localtime(event.started_at),
        camera=event.camera.name if event.camera else "",
        blocked=tuple(person.name for person in people if person.is_blocked),
        known=tuple(person.name for person in people if not person.is_blocked),
        unknown=count_unknown(event),
        reason=event.reason,
        grouped=_count_grouped(event),
        link=link_to(event),
    )


def facts_of(event: Event) -> dict[str, Any]:
    """The visit for programs: JSON values, times in ISO 8601 with their zone."""
    return {
        "id": event.pk,
        "url": link_to(event) or None,
        "camera": {"id": event.camera_id, "name": event.camera.name} if event.camera else None,
        "trigger": event.trigger,
        "started_at": event.started_at.isoformat(),
        "decided_at": event.decided_at.isoformat() if event.decided_at else None,
        "outcome": event.outcome,
        "reason": event.reason,
        "people": [
            {"id": person.person_id, "name": person.name, "is_blocked": person.is_blocked}
            for person in people_at(event)
        ],
        "unknown_faces": count_unknown(event),
    }


def count_unknown(event: Event) -> int:
    return sum(sighting.is_unknown for sighting in sightings(event))


def link_to(event: Event) -> str:
    """The event's page, or '' while nobody said under which address the doorbell is reached."""
    return f"{settings.PUBLIC_URL.rstrip('/')}{event.get_absolute_url()}" if settings.PUBLIC_URL else ""


def _count_grouped(event: Event) -> int:
    """How many visits the message before this one stood for, besides its own."""
    alike = RuleResult.objects.filter(event__camera=event.camera_id, event__outcome=event.outcome, is_told=True)
    before = alike.filter(event__started_at__lt=event.started_at).order_by("-event__started_at")
    last = before.values_list("event_id", flat=True).first()
    return RuleResult.objects.filter(joined=last).count() if last else 0
