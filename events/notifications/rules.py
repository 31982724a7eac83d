"""Which visits are told, to whom, how loudly: pure functions on frozen facts.

Rules are read in order and the first that applies decides. Every step of the way leaves a sentence,
which the visit's page shows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypeAlias

from events.models import Outcome, Trigger
from events.notifications.models import Priority

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SYSTEM = "system"  # stands among the outcomes for messages about the doorbell itself


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` up to, not including, `end`, local time; over midnight when `end` is not later."""

    start: time
    end: time

    def include(self, moment: time) -> bool:
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M} to {self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty conditions let everything through; `channel_ids` None means every channel."""

    name: str
    outcomes: frozenset[str] = frozenset()
    triggers: frozenset[str] = frozenset()
    camera_ids: frozenset[int] = frozenset()
    person_ids: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()  # 0 is Monday
    hours: Hours | None = None
    is_telling: bool = True
    priority: Priority = Priority.NORMAL
    with_picture: bool = True
    is_told_at_once: bool = True
    channel_ids: frozenset[int] | None = None
    quiet: Hours | None = None
    repeat_after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Visit:
    """What rules look at. `at` is local time."""

    outcome: str
    trigger: str
    at: datetime
    camera_id: int | None = None
    camera: str = ""
    people: tuple[tuple[int, str], ...] = ()  # id and name of everybody recognized


@dataclass(frozen=True, slots=True)
class Telling:
    """An earlier visit that was told."""

    event_id: int
    at: datetime
    outcome: str
    camera_id: int | None
    person_ids: frozenset[int]


ToldWithin: TypeAlias = Callable[[timedelta], Sequence[Telling]]


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule` None: nobody is told. `joined`: the earlier event whose message stands for this visit too."""

    rule: Rule | None
    reasons: tuple[str, ...]
    joined: int | None = None


def nothing_told(_limit: timedelta) -> Sequence[Telling]:
    return ()


def evaluate(
    rules: Iterable[Rule], visit: Visit, *, told: ToldWithin = nothing_told, group_motion: timedelta = timedelta(0)
) -> Decision:
    """told: gives the earlier visits that were told within that time before this one, in any order; it
    is asked only when a limit applies."""
    reasons: list[str] = []
    for rule in rules:
        obstacle = why_not(rule, visit)
        if obstacle is None:
            return _apply(rule, visit, reasons, told, group_motion)
        reasons.append(f"Rule “{rule.name}” does not apply: {obstacle}.")
    return Decision(None, (*reasons, "No rule applies, so nobody is told."))


def why_not(rule: Rule, visit: Visit) -> str | None:
    """The first condition that the visit does not meet, in words; None when the rule applies."""
    weekday, moment = visit.at.weekday(), visit.at.time()
    checks = (
        (not rule.outcomes or visit.outcome in rule.outcomes, f"the outcome is {visit.outcome.replace('_', ' ')}"),
        (not rule.triggers or visit.trigger in rule.triggers, f"the visit came by {visit.trigger}"),
        (not rule.camera_ids or visit.camera_id in rule.camera_ids, f"the camera is {visit.camera or 'none'}"),
        (not rule.person_ids or any(pk in rule.person_ids for pk, _ in visit.people), "nobody on its list was seen"),
        (not rule.weekdays or weekday in rule.weekdays, f"it is {WEEKDAYS[weekday]}"),
        (rule.hours is None or rule.hours.include(moment), f"it is {moment:%H:%M}, not within {rule.hours}"),
    )
    return next((obstacle for is_met, obstacle in checks if not is_met), None)


def _apply(rule: Rule, visit: Visit, reasons: list[str], told: ToldWithin, group_motion: timedelta) -> Decision:
    applies = f"Rule “{rule.name}” applies"
    if not rule.is_telling:
        return Decision(None, (*reasons, f"{applies}: nobody is told."))
    if rule.quiet is not None and rule.priority != Priority.URGENT and rule.quiet.include(visit.at.time()):
        return Decision(None, (*reasons, f"{applies}, but {rule.quiet} are quiet hours."))
    if (earlier := _told_already(rule, visit, told, group_motion)) is not None:
        is_named = bool(visit.people) and visit.outcome != Outcome.UNKNOWN
        what = "a visit of the same people" if is_named else "the same at this camera"
        text = f"{applies}, but {what} was told at {earlier.at:%H:%M}, with event {earlier.event_id}."
        return Decision(None, (*reasons, text), joined=earlier.event_id)
    picture = "with" if rule.with_picture else "without"
    return Decision(rule, (*reasons, f"{applies}: {rule.priority.label.lower()} priority, {picture} picture."))


def _told_already(rule: Rule, visit: Visit, told: ToldWithin, group_motion: timedelta) -> Telling | None:
    """Within the rule's own limit, or, so that rain and trees do not multiply messages, within
    `group_motion` for a visit that only motion reports."""
    limit = max(rule.repeat_after, group_motion if visit.trigger == Trigger.MOTION else timedelta(0))
    if not limit:
        return None
    recent = [each for each in told(limit) if visit.at - limit < each.at <= visit.at]
    person_ids = {pk for pk, _ in visit.people}
    if person_ids and visit.outcome != Outcome.UNKNOWN:
        covered: set[int] = set().union(*(each.person_ids for each in recent)) if recent else set()
        recent = [each for each in recent if each.person_ids & person_ids] if person_ids <= covered else []
    else:
        recent = [each for each in recent if (each.camera_id, each.outcome) == (visit.camera_id, visit.outcome)]
    return max(recent, key=lambda each: each.at, default=None)


def default_rules(*, tell_known: bool, picture_of_known: bool, quiet: Hours | None = None) -> tuple[Rule, ...]:
    """What holds until somebody writes rules: those of the system that this one replaces, and silence
    about motion that shows no face."""
    return (
        Rule("People on the watch-list", outcomes=frozenset({Outcome.BLOCKED}), priority=Priority.URGENT),
        Rule("Strangers", outcomes=frozenset({Outcome.UNKNOWN}), quiet=quiet),
        Rule(
            "People we know",
            outcomes=frozenset({Outcome.KNOWN}),
            is_telling=tell_known,
            priority=Priority.LOW,
            with_picture=picture_of_known,
            quiet=quiet,
        ),
        Rule(
            "Motion without a face",
            outcomes=frozenset({Outcome.NO_FACE, Outcome.NO_PICTURE}),
            triggers=frozenset({Trigger.MOTION}),
            is_telling=False,
            priority=Priority.LOW,
        ),
        Rule("Nobody seen", outcomes=frozenset({Outcome.NO_FACE}), priority=Priority.LOW, quiet=quiet),
        Rule("No picture", outcomes=frozenset({Outcome.NO_PICTURE}), with_picture=False, quiet=quiet),
        Rule("Trouble with the doorbell", outcomes=frozenset({SYSTEM}), with_picture=False, quiet=quiet),
    )
