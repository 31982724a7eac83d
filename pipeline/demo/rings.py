"""Ring for the visitors of the film, by watching what the system itself reports."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from events.models import Camera, Event, FaceObservation, Trigger
from events.people import PersonSeen, people_at
from events.timing import picture_ms
from pipeline.errors import DoorbellError
from pipeline.ring import ring

LOOK_INTERVAL_S = 0.1
NEAR_PX = 100
FRESH = timedelta(seconds=1.5)
DECISION_WAIT_S = 30.0


class NobodyCame(DoorbellError):
    """The film played, and the system reported no visitor, or no decision."""

    code = "nobody_came"


@dataclass(frozen=True, slots=True)
class RingResult:
    """Times are milliseconds from the press."""

    event_id: int
    outcome: str
    people: tuple[PersonSeen, ...]
    picture_ms: int | None
    decided_ms: int | None

    @property
    def who(self) -> str:
        return ", ".join(person.name for person in self.people) or "nobody enrolled"

    @property
    def distance(self) -> float | None:
        """The smallest one of a named person; None when nobody was named."""
        return min((person.distance for person in self.people if person.distance is not None), default=None)


def ring_for_visitors(camera_name: str, visits: int, wait_s: float, check: Callable[[], None]) -> Iterator[RingResult]:
    """Ring once for each visitor who stands at the door, and yield what was decided.

    check: called again and again; raises what ends the demo. Raises NobodyCame after `wait_s` without a visitor.
    """
    for _ in range(visits):
        wait_until(lambda: is_somebody_near(camera_name), wait_s, check, "a visitor at the door")
        yield press_and_wait(camera_name, check)
        wait_until(lambda: not has_open_visit(camera_name), wait_s, check, "the end of the visit")


def is_somebody_near(camera_name: str) -> bool:
    """Whether a picture of just now shows a large face."""
    fresh = FaceObservation.objects.filter(
        capture__event__camera__name=camera_name, capture__taken_at__gt=timezone.now() - FRESH
    )
    return any(right - left >= NEAR_PX for left, right in fresh.values_list("box_left", "box_right"))


def has_open_visit(camera_name: str) -> bool:
    """Whether the camera still sees something move."""
    return Event.objects.filter(camera__name=camera_name, trigger=Trigger.MOTION, closed_at=None).exists()


def press_and_wait(camera_name: str, check: Callable[[], None]) -> RingResult:
    """Press, and return the event as it stands when all its pictures were looked at."""
    event = ring(Camera.objects.get(name=camera_name), pressed_by="demo").event
    wait_until(lambda: is_settled(event.pk), DECISION_WAIT_S, check, f"the decision of event {event.pk}")
    event = Event.objects.prefetch_related("captures__observations__person").get(pk=event.pk)
    return RingResult(event.pk, event.outcome, tuple(people_at(event)), picture_ms(event), event.decided_ms)


def is_settled(event_id: int) -> bool:
    return Event.objects.filter(pk=event_id).exclude(settled_at=None).exists()


def wait_until(is_so: Callable[[], bool], wait_s: float, check: Callable[[], None], what: str) -> None:
    """Raises NobodyCame, and whatever `check` raises."""
    deadline = time.monotonic() + wait_s
    while not is_so():
        check()
        if time.monotonic() > deadline:
            raise NobodyCame(f"waited {wait_s:.0f} s for {what}; the log says what happened instead")
        time.sleep(LOOK_INTERVAL_S)


HEADING = f"  {'ring':<6}{'outcome':<10}{'who':<18}{'distance':<10}{'first picture':<15}decided after"


def row(number: int, result: RingResult) -> str:
    """A line under HEADING."""
    distance = "-" if result.distance is None else f"{result.distance:.2f}"
    times = f"{_milliseconds(result.picture_ms):<15}{_milliseconds(result.decided_ms)}"
    return f"  {number:<6}{result.outcome:<10}{result.who:<18}{distance:<10}{times}"


def _milliseconds(number: int | None) -> str:
    return "-" if number is None else f"{number} ms"
