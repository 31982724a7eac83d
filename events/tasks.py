"""Queue `events`."""

from celery import shared_task

from events.decisions import decide_event
from events.measurements import DECISION, measured


@shared_task
def decide(event_id: int) -> None:
    """Say who was there, from every capture that is through so far."""
    with measured(DECISION):
        decide_event(event_id)
