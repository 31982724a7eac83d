"""How long a visit took."""

from datetime import timedelta

from events.models import Event


def picture_ms(event: Event) -> int | None:
    """Milliseconds from the press until the first picture was saved; None without a picture."""
    saved = [capture.created_at for capture in event.captures.all()]
    return round((min(saved) - event.started_at) / timedelta(milliseconds=1)) if saved else None
