"""What is said of one visit: a press, the visit as far as it is known, the people at the door."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from events.models import Event, Outcome, Trigger
from events.notifications.scenes import count_unknown, facts_of
from events.people import people_at
from events.telling import who
from pipeline.mqtt.packets import Outgoing
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.told import Told

RING = "ring"  # the event type that Home Assistant asks of every doorbell
MISSED_RING = "missed_ring"
STILL_RINGING = timedelta(seconds=60)  # a press that is told later than that must not sound a chime any more
OLD_NEWS = timedelta(minutes=10)  # later than that a visit is told for the record
STATE_MAX = 255  # characters of a state in Home Assistant
ON, OFF = b"ON", b"OFF"


@dataclass(frozen=True, slots=True)
class Health:
    """How the doorbell is: sentences about what keeps it from working, and about what may. score: 0 to 1, 1 is well."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    score: float = 1.0

    def as_json(self) -> bytes:
        return as_json(
            {
                "problem": "ON" if self.problems else "OFF",
                "problems": self.problems,
                "warnings": self.warnings,
                "score": round(self.score, 3),
            }
        )


def messages_about(event: Event, told: Told | None, known: Told, plan: MqttPlan, now: datetime) -> list[Outgoing]:
    """The news since `told`, none of it retained. event: as `load_event` gives it."""
    messages = []
    if told is None and event.trigger == Trigger.PRESS:
        messages.append(Outgoing(plan.topics.press, as_json(press_facts(event, now))))
    if told is None or _in_words(told) != _in_words(known):
        is_late = now - event.started_at >= OLD_NEWS
        facts = visit_facts(event, plan, stage=known.stage) | {"is_late": is_late}
        messages.append(Outgoing(plan.topics.visit, as_json(facts)))
    if plan.with_names and now - event.started_at < STILL_RINGING:
        messages += _people_at_the_door(told.people if told else (), known.people, plan)
    return messages


def press_facts(event: Event, now: datetime) -> dict[str, Any]:
    is_late = now - event.started_at >= STILL_RINGING
    return {
        "event_type": MISSED_RING if is_late else RING,
        "id": event.pk,
        "camera": event.camera.name if event.camera else None,
        "pressed_at": event.started_at.isoformat(),
    }


def visit_facts(event: Event, plan: MqttPlan, *, stage: str) -> dict[str, Any]:
    """The visit as webhooks tell it, with `visitor` in words; `event_type` is the outcome."""
    facts = {
        "event_type": event.outcome,
        "visitor": visitor(event, with_names=plan.with_names),
        "is_final": stage == "settled",
        **facts_of(event),
    }
    if event.outcome == Outcome.PENDING:
        facts["people"] = []  # whoever a first frame suggests may yet be withdrawn
    elif not plan.with_names:
        facts["people"] = [{"is_blocked": person.is_blocked} for person in people_at(event)]
    return facts


def visitor(event: Event, *, with_names: bool) -> str:
    """'Grace Hopper and an unknown person', or without names 'Somebody known and an unknown person'."""
    if with_names or event.outcome in (Outcome.PENDING, Outcome.NO_PICTURE, Outcome.NO_FACE):
        return who(event)[:STATE_MAX]
    people = people_at(event)
    parts = [
        *(["Somebody on the watch-list"] if any(person.is_blocked for person in people) else []),
        *(["Somebody known"] if any(not person.is_blocked for person in people) else []),
        *(["Somebody unknown"] if count_unknown(event) else []),
    ]
    return " and ".join(part if number == 0 else part[0].lower() + part[1:] for number, part in enumerate(parts))


def as_json(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False).encode()


def _people_at_the_door(before: tuple[int, ...], after: tuple[int, ...], plan: MqttPlan) -> list[Outgoing]:
    """A name that is withdrawn is switched off at once; the others switch themselves off in time."""
    came = [Outgoing(plan.topics.at_the_door(pk), ON) for pk in after if pk not in before]
    gone = [Outgoing(plan.topics.at_the_door(pk), OFF) for pk in before if pk not in after]
    return came + gone


def _in_words(told: Told) -> tuple[object, ...]:
    return (told.stage, told.outcome, told.who, told.people)
