"""trigger_doorbell(): ring, and say what came of it."""

from typing import Any

from django.db import DatabaseError, close_old_connections, connection

from events.models import Outcome
from pipeline.ring import ring


def ring_now() -> dict[str, Any]:
    """{"status": "success" | "error", "message", "event_id"}; never raises for want of camera or database."""
    if not connection.in_atomic_block:  # of the caller, to whom the connection belongs then
        close_old_connections()
    try:
        rung = ring(pressed_by="manager")
    except DatabaseError as error:
        return _answer("error", f"The press could not be recorded: {error}", None)
    event = rung.event
    if event.outcome == Outcome.NO_PICTURE:
        return _answer("error", f"The press is recorded without a picture. {event.reason}", event.pk)
    if rung.is_debounced:
        return _answer("success", f"Somebody rang a moment ago: the same visit, event {event.pk}.", event.pk)
    return _answer("success", f"The bell was rung: event {event.pk}.", event.pk)


def _answer(status: str, message: str, event_id: int | None) -> dict[str, Any]:
    return {"status": status, "message": message, "event_id": event_id}
