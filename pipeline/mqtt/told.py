"""What the broker was told of a visit, and what there is to tell: pure functions of an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from events.models import Event, Outcome, Trigger
from events.people import people_at
from events.telling import cover, who

Stage: TypeAlias = Literal["began", "decided", "settled"]
VISITORS = frozenset({Outcome.KNOWN, Outcome.UNKNOWN, Outcome.BLOCKED})


@dataclass(frozen=True, slots=True)
class Told:
    """`who` is the line that pages show; `people` are ids; `picture` is the id of the capture that was sent."""

    stage: Stage
    outcome: str
    who: str = ""
    people: tuple[int, ...] = ()
    picture: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "stage": self.stage,
            "outcome": self.outcome,
            "who": self.who,
            "people": list(self.people),
            "picture": self.picture,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Told:
        return cls(
            stage=stored["stage"],
            outcome=stored["outcome"],
            who=stored["who"],
            people=tuple(stored["people"]),
            picture=stored["picture"],
        )


def what_is_known(event: Event, told: Told | None) -> Told:
    """event: as `load_event` gives it. It differs from `told` when there is news."""
    stage = stage_of(event)
    return Told(
        stage=stage,
        outcome=event.outcome,
        who=who(event),
        people=() if stage == "began" else tuple(person.person_id for person in people_at(event)),
        picture=_picture(event, stage, told),
    )


def stage_of(event: Event) -> Stage:
    if event.outcome == Outcome.PENDING:
        return "began"
    # A press without a camera is decided at once, and nothing settles it.
    is_over = event.settled_at is not None or event.outcome == Outcome.NO_PICTURE
    return "settled" if is_over else "decided"


def is_worth_showing(event: Event) -> bool:
    """Whether its picture may take the place of the last one: a tree in the wind shall not."""
    return event.trigger == Trigger.PRESS or event.outcome in VISITORS


def _picture(event: Event, stage: Stage, told: Told | None) -> int | None:
    """The best capture when a stage is entered, not each slightly better one: a picture weighs more than all words."""
    if not is_worth_showing(event):
        return None
    if told is not None and told.picture is not None and told.stage == stage:
        return told.picture
    best = cover(event)
    return best.pk if best else None
