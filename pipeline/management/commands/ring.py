"""manage.py ring"""

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError

from events.broadcast import DECIDED, listen
from events.models import Event, Outcome
from events.people import count_faces, people_at
from events.timing import picture_ms
from pipeline.ring import UnknownCamera, find_camera
from pipeline.ring import ring as press

TIME_RAN_OUT = 3
LOOK_EVERY_S = 0.25


class Command(BaseCommand):
    help = "Press the bell."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--camera", help="name of the camera; the first enabled one when left out")
        parser.add_argument(
            "--wait", type=float, metavar="SECONDS", help="print one JSON line once decided; exit code 3 if not in time"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            camera = find_camera(options["camera"])
        except UnknownCamera as error:
            raise CommandError(str(error), returncode=2) from error
        rung = press(camera, pressed_by="command")
        if options["wait"] is None:
            again = " (pressed again; the visit was open already)" if rung.is_debounced else ""
            self.stdout.write(f"event {rung.event.pk}{again}")
            return
        event = wait_for_decision(rung.event.pk, options["wait"])
        self.stdout.write(json.dumps(_summary(event)))
        if event.outcome == Outcome.PENDING:
            raise SystemExit(TIME_RAN_OUT)


def wait_for_decision(event_id: int, wait_s: float) -> Event:
    """Return the event once it is decided, or as it is when the time has run out."""
    deadline = time.monotonic() + wait_s
    for _ in _words_of_decisions():
        event = Event.objects.get(pk=event_id)
        if event.outcome != Outcome.PENDING or time.monotonic() >= deadline:
            break
    return event


def _words_of_decisions() -> Iterator[object]:
    """Yield when it is worth looking at the row: at a broadcast, and now and then without one."""
    while True:
        try:
            yield from listen(DECIDED, poll_s=LOOK_EVERY_S)
        except redis.RedisError:
            time.sleep(LOOK_EVERY_S)
            yield None


def _summary(event: Event) -> dict[str, Any]:
    event = Event.objects.prefetch_related("captures__observations__person").get(pk=event.pk)
    return {
        "event": event.pk,
        "outcome": event.outcome,
        "people": [{"name": person.name, "distance": person.distance} for person in people_at(event)],
        "faces": count_faces(event),
        "pressed_at": event.started_at.isoformat(),
        "picture_ms": picture_ms(event),
        "decided_ms": event.decided_ms,
    }
