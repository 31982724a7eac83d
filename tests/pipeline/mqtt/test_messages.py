"""What is said of a visit, without a broker."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.models import Event, FaceObservation, Outcome, Trigger
from events.notifications.scenes import load_event
from faces.models import Person
from pipeline.mqtt.address import BrokerAddress
from pipeline.mqtt.messages import STATE_MAX, messages_about, visitor
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.told import Told, stage_of, what_is_known
from pipeline.mqtt.topics import Topics
from tests.conftest import Portraits
from tests.seeding import ASTRONAUT_BOX, HOPPER_BOX, add_capture, add_event, add_face

PLAN = MqttPlan(broker=BrokerAddress("broker", 1883), topics=Topics("doorbell"))
pytestmark = pytest.mark.django_db


def visit(portraits: Portraits, *people: Person | None, **fields: Any) -> Event:
    event = add_event(**fields)
    capture = add_capture(event, portraits.grace_hopper)
    for track, person in enumerate(people):
        add_face(capture, HOPPER_BOX if track else ASTRONAUT_BOX, person, track=track)
    return load_event(event.pk)


def say(event: Event, told: Told | None = None, plan: MqttPlan = PLAN) -> list[tuple[str, Any]]:
    """Topics and what is on them: JSON where it is JSON, else text."""
    known = what_is_known(event, told)
    messages = messages_about(event, told, known, plan, timezone.now())
    assert not any(message.is_retained for message in messages)
    texts = [(message.topic.removeprefix("doorbell/"), message.payload.decode()) for message in messages]
    return [(topic, json.loads(text) if text.startswith("{") else text) for topic, text in texts]


def test_news_once_told_is_no_news(portraits: Portraits) -> None:
    event = visit(portraits, Person.objects.create(name="Grace"))
    told = what_is_known(event, None)
    assert what_is_known(event, told) == told
    assert say(event, told) == []
    assert Told.from_json(json.loads(json.dumps(told.as_json()))) == told


def test_motion_is_a_visit_and_no_press(portraits: Portraits) -> None:
    assert [topic for topic, _ in say(visit(portraits, None, trigger=Trigger.MOTION))] == ["visit"]


def test_a_visit_is_told_as_webhooks_tell_it(portraits: Portraits) -> None:
    person = Person.objects.create(name="Zoë", is_blocked=True)
    event = visit(portraits, person, None, outcome=Outcome.BLOCKED)
    facts = dict(say(event))["visit"]
    assert facts == {
        "event_type": "blocked",
        "visitor": "Zoë and an unknown person",
        "is_final": True,
        "is_late": False,
        "id": event.pk,
        "url": None,
        "camera": None,
        "trigger": "press",
        "started_at": event.started_at.isoformat(),
        "decided_at": None,
        "outcome": "blocked",
        "reason": "",
        "people": [{"id": person.pk, "name": "Zoë", "is_blocked": True}],
        "unknown_faces": 1,
    }


def test_nobody_is_named_before_it_is_decided(portraits: Portraits) -> None:
    grace = Person.objects.create(name="Grace")
    event = visit(portraits, grace, outcome=Outcome.PENDING, settled_at=None)
    assert dict(say(event))["visit"]["people"] == []
    assert "Grace" not in str(say(event))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["Grace"], "Somebody known"),
        (["Grace", None], "Somebody known and somebody unknown"),
        (["Bad", "Grace", None], "Somebody on the watch-list and somebody known and somebody unknown"),
        ([None], "Somebody unknown"),
    ],
)
def test_without_names_a_visitor_is_somebody(portraits: Portraits, names: list[str | None], text: str) -> None:
    people = [name and Person.objects.create(name=name, is_blocked=name == "Bad") for name in names]
    event = visit(portraits, *people, outcome=Outcome.KNOWN)  # type: ignore[arg-type]
    assert visitor(event, with_names=False) == text
    said = say(event, plan=replace(PLAN, with_names=False))
    assert not [name for name in names if name and name in str(said)]


def test_a_visitor_is_never_longer_than_a_state_may_be(portraits: Portraits) -> None:
    people = [Person.objects.create(name=f"{'x' * 90}{number}") for number in range(4)]
    assert len(visitor(visit(portraits, *people), with_names=True)) == STATE_MAX


def test_a_press_without_a_camera_is_over_at_once() -> None:
    event = add_event(outcome=Outcome.NO_PICTURE, settled_at=None, reason="No camera is set up.")
    assert stage_of(event) == "settled"
    press, told = say(load_event(event.pk))
    assert (press[1]["event_type"], told[1]["reason"]) == ("ring", "No camera is set up.")


def test_a_picture_is_sent_at_each_stage_and_not_for_each_better_frame(portraits: Portraits) -> None:
    event = visit(portraits, None, outcome=Outcome.PENDING, settled_at=None)
    first = what_is_known(event, None)
    better = add_capture(event, portraits.grace_hopper, taken_at=event.started_at + timedelta(seconds=1))
    add_face(better, HOPPER_BOX, quality=0.99, track=1)
    FaceObservation.objects.filter(capture__event=event).exclude(capture=better).update(quality=0.1)
    still = what_is_known(load_event(event.pk), first)
    assert still.picture == first.picture != better.pk
    Event.objects.filter(pk=event.pk).update(outcome=Outcome.UNKNOWN)
    assert what_is_known(load_event(event.pk), still).picture == better.pk


def test_a_tree_in_the_wind_has_no_picture_worth_showing(portraits: Portraits) -> None:
    tree = visit(portraits, trigger=Trigger.MOTION, outcome=Outcome.NO_FACE)
    assert what_is_known(tree, None).picture is None


def test_an_event_that_is_renamed_elsewhere_is_news(portraits: Portraits) -> None:
    grace = Person.objects.create(name="Grace")
    event = visit(portraits, grace, settled_at=None)
    told = what_is_known(event, None)
    FaceObservation.objects.update(person=None, status="unknown")
    renamed = load_event(event.pk)
    assert (f"person/{grace.pk}/at_the_door", "OFF") in say(renamed, told)
