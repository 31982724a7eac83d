"""docs/home-assistant.md says what the bridge says."""

import json
import re
from pathlib import Path

import pytest
from django.utils import timezone

from events.notifications.scenes import load_event
from faces.models import Person
from pipeline.mqtt.address import BrokerAddress
from pipeline.mqtt.commands import COMMAND_MAX_BYTES
from pipeline.mqtt.discovery import discovery
from pipeline.mqtt.messages import messages_about
from pipeline.mqtt.news import CATCH_UP
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.told import what_is_known
from pipeline.mqtt.topics import Topics
from tests.conftest import Portraits
from tests.seeding import HOPPER_BOX, add_capture, add_event, add_face

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "home-assistant.md").read_text()
PLAN = MqttPlan(broker=BrokerAddress("broker", 1883), topics=Topics("doorbell"))


def test_every_topic_is_in_the_table() -> None:
    written = set(re.findall(r"^\| `(doorbell/[^`]+)` \|", PAGE, re.MULTILINE))
    topics = PLAN.topics
    fixed = {getattr(topics, name) for name in ("availability", "press", "visit", "last_visit", "picture", "health")}
    by_id = {topics.camera(0), topics.last_seen(0), topics.at_the_door(0)}
    assert written == fixed | {topics.ring, topics.message} | {topic.replace("/0/", "/ID/") for topic in by_id}


def test_every_entity_is_in_the_table() -> None:
    """Home Assistant makes an entity's id from the names of device and entity."""
    written = {
        name for name in re.findall(r"^\| `([a-z_]+\.doorbell_\w+)` \|", PAGE, re.MULTILINE) if "NAME" not in name
    }
    made = set()
    for topic, payload in discovery(PLAN, [], []).items():
        config = json.loads(payload)
        name = f"{config['device']['name']} {config['name']}"
        made.add(f"{topic.split('/')[1]}.{name.lower().replace(' ', '_')}")
    assert written == made


@pytest.mark.django_db
def test_the_examples_have_the_fields_that_are_sent(portraits: Portraits) -> None:
    event = add_event()
    add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, Person.objects.create(name="Grace Hopper"))
    event = load_event(event.pk)
    messages = messages_about(event, None, what_is_known(event, None), PLAN, timezone.now())
    sent = {message.topic: message.payload for message in messages}
    (visit,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert json.loads(visit).keys() == json.loads(sent["doorbell/visit"]).keys()
    (press,) = re.findall(r"^\| `doorbell/press` \| no \| `(.*)` \|$", PAGE, re.MULTILINE)
    assert json.loads(press).keys() == json.loads(sent["doorbell/press"]).keys()


def test_the_limits_are_those_of_the_code() -> None:
    assert CATCH_UP.total_seconds() == 6 * 3600
    assert "for **six hours**" in PAGE
    assert f"{COMMAND_MAX_BYTES:,} bytes" in PAGE
