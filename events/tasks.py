"""Queue `events`."""

from celery import shared_task

from events.decisions import decide_event
from events.measurements import DECISION, measured
from events.retention import forget_old, make_room


@shared_task
def decide(event_id: int) -> None:
    """Say who was there, from every capture that is through so far."""
    with measured(DECISION):
        decide_event(event_id)


@shared_task
def forget() -> None:
    """By the scheduler: what is older than its time."""
    forget_old()


@shared_task
def make_disk_room() -> None:
    """By the scheduler: the oldest pictures of motion, on a disk that is nearly full."""
    make_room()
