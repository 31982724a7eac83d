"""Visits and their pictures in the shapes of the old system."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from django.urls import reverse

from events.browsing import events_to_show
from events.models import Capture, Event, Outcome
from events.telling import Sighting, cover, sightings

EVENT_TYPES = {
    Outcome.KNOWN: "KNOWN_VISITOR",
    Outcome.UNKNOWN: "UNKNOWN_VISITOR",
    Outcome.BLOCKED: "BLACKLIST_ALERT",
    Outcome.NO_FACE: "NO_FACES",
    Outcome.NO_PICTURE: "CAPTURE_FAILURE",
}
LIMIT_MAX = 1000


class OldFace(TypedDict):
    """distance: None for the unknown, where the old system wrote inf."""

    status: str
    name: str | None
    confidence: float
    distance: float | None


class OldEvent(TypedDict):
    """timestamp: ISO 8601 with the zone, which the old system left out."""

    timestamp: str
    event_type: str
    faces: list[OldFace]
    capture_path: str | None


class OldCapture(TypedDict):
    """path: the JPEG; None where pictures are not kept on this machine's disk."""

    filename: str
    path: str | None
    timestamp: str
    width: int
    height: int
    event_id: int
    event_type: str | None
    faces: list[OldFace]


def recent_events(limit: int, path_of: Callable[[Capture], str]) -> list[OldEvent]:
    """The last decided visits, oldest first."""
    decided = events_to_show().exclude(outcome=Outcome.PENDING)
    return [old_event(event, path_of) for event in reversed(decided[: min(limit, LIMIT_MAX)])]


def old_event(event: Event, path_of: Callable[[Capture], str]) -> OldEvent:
    """event: decided, as `events_to_show` fetches it."""
    shown = cover(event)
    return {
        "timestamp": event.started_at.isoformat(),
        "event_type": EVENT_TYPES[Outcome(event.outcome)],
        "faces": [old_face(each) for each in sightings(event)],
        "capture_path": None if shown is None else path_of(shown),
    }


def old_face(seen: Sighting) -> OldFace:
    """Who has been deleted since is unknown."""
    person = seen.person
    if person is None:
        return {"status": "unknown", "name": None, "confidence": 0.0, "distance": None}
    distance = person.distance
    return {
        "status": "blacklisted" if person.is_blocked else "known",
        "name": person.name,
        "confidence": 0.0 if distance is None else max(0.0, 1 - distance),
        "distance": distance,
    }


def recent_captures(limit: int = 10) -> list[OldCapture]:
    """The newest pictures, newest first. Raises ValueError for a limit that is no number from 0."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ValueError(f"limit is {limit!r}; use a whole number from 0")
    captures = list(Capture.objects.exclude(image="").order_by("-taken_at", "-pk")[: min(limit, LIMIT_MAX)])
    events = {event.pk: event for event in events_to_show().filter(pk__in={each.event_id for each in captures})}
    return [_old_capture(each, events[each.event_id]) for each in captures if each.event_id in events]


def _old_capture(capture: Capture, event: Event) -> OldCapture:
    return {
        "filename": (capture.image.name or "").rpartition("/")[2],
        "path": path_on_disk(capture),
        "timestamp": capture.taken_at.isoformat(),
        "width": capture.width,
        "height": capture.height,
        "event_id": event.pk,
        "event_type": EVENT_TYPES.get(Outcome(event.outcome)),
        "faces": [old_face(each) for each in sightings(event)],
    }


def capture_address(capture: Capture) -> str:
    """Where the picture is served."""
    return reverse("api-capture-image", args=[capture.pk])


def path_on_disk(capture: Capture) -> str | None:
    try:
        return capture.image.path
    except NotImplementedError:  # a storage that is no folder
        return None
