"""Which frames of a camera become captures: the burst around a press, and the length of a motion."""

import logging
from dataclasses import dataclass, field

from django.utils import timezone

from events.models import Event
from events.tasks import decide
from pipeline.hardware.frames import Frame
from pipeline.queues import priority_of, send

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BurstPlan:
    """Frames around a press: `before` from the pre-roll and `after` to come, `interval_s` apart; the
    newest frame at the press is one more."""

    before: int = 2
    after: int = 2
    interval_s: float = 0.2
    patience_s: float = 5.0  # how long a camera may take to give the next frame


@dataclass(frozen=True, slots=True)
class MotionPlan:
    """One capture every `interval_s` while something moves; the event ends after `calm_s` of
    stillness, `longest_s`, or `most` captures, whichever comes first."""

    interval_s: float = 0.5
    calm_s: float = 2.0
    longest_s: float = 30.0
    most: int = 20


@dataclass(slots=True)
class Burst:
    """A press that still wants frames. Times are the frames' own seconds."""

    event: Event
    plan: BurstPlan
    pressed_s: float
    taken: int = 0
    next_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.next_s = self.pressed_s + self.plan.interval_s

    def wants(self, frame: Frame) -> bool:
        return self.taken < self.plan.after and frame.time_s >= self.next_s

    def took(self, frame: Frame) -> None:
        self.taken += 1
        self.next_s = frame.time_s + self.plan.interval_s * 0.99  # times are rounded

    @property
    def is_complete(self) -> bool:
        return self.taken >= self.plan.after


@dataclass(slots=True)
class MotionVisit:
    """An event that goes on while something moves."""

    event: Event
    plan: MotionPlan
    began_s: float
    moved_s: float
    next_s: float
    captures: int = 0

    def moved(self, now_s: float) -> None:
        self.moved_s = now_s

    def wants(self, frame: Frame) -> bool:
        return self.captures < self.plan.most and frame.time_s >= self.next_s

    def took(self, frame: Frame) -> None:
        self.captures += 1
        self.next_s = frame.time_s + self.plan.interval_s

    def is_over(self, now_s: float) -> bool:
        return (
            self.captures >= self.plan.most
            or now_s - self.moved_s >= self.plan.calm_s
            or now_s - self.began_s >= self.plan.longest_s
        )


def close_event(event: Event, *, reason: str = "") -> None:
    """No more captures will come: have it decided on what it has."""
    changes = {"closed_at": timezone.now()} | ({"reason": reason[:300]} if reason else {})
    if Event.objects.filter(pk=event.pk, closed_at=None).update(**changes):
        send(decide, event.pk, priority=priority_of(event.trigger))
