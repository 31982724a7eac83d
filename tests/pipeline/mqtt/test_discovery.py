"""What Home Assistant is told, against its documentation."""

import json
import re
from dataclasses import replace
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from pytest_django import Settings

from events.models import Camera, Outcome
from faces.models import Person
from pipeline.mqtt.address import BrokerAddress
from pipeline.mqtt.discovery import discovery
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.topics import Topics
from tests.pipeline.mqtt.home_assistant import CONFIG_TOPIC, PLATFORMS

PLAN = MqttPlan(broker=BrokerAddress("broker", 1883), topics=Topics("doorbell"))
CAMERAS = [Camera(pk=1, name="front door"), Camera(pk=2, name='garden "east"')]
PEOPLE = [Person(pk=3, name="Grace Hopper"), Person(pk=4, name="Zoë {{ states }} 李", is_blocked=True)]


@pytest.fixture
def configs(settings: Settings) -> dict[str, dict[str, Any]]:
    settings.PUBLIC_URL = "https://door.example"
    return {topic: json.loads(payload) for topic, payload in discovery(PLAN, CAMERAS, PEOPLE).items()}


def test_every_field_is_one_that_home_assistant_documents(configs: dict[str, dict[str, Any]]) -> None:
    for topic, config in configs.items():
        match = CONFIG_TOPIC.match(topic)
        assert match, topic
        jsonschema.Draft202012Validator(PLATFORMS[match["platform"]]).validate(config)


def test_the_schemas_notice_what_is_wrong(configs: dict[str, dict[str, Any]]) -> None:
    good = configs["homeassistant/event/doorbell/ring/config"]
    for bad in (
        good | {"event_types": ["press"]},
        good | {"state_topic": "doorbell/#"},
        good | {"device_clas": "doorbell"},
        good | {"device": {"name": "Doorbell"}},
        {key: value for key, value in good.items() if key != "unique_id"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, PLATFORMS["event"])


def test_every_entity_is_there_once(configs: dict[str, dict[str, Any]]) -> None:
    assert sorted(configs) == [
        "homeassistant/binary_sensor/doorbell/camera_1/config",
        "homeassistant/binary_sensor/doorbell/camera_2/config",
        "homeassistant/binary_sensor/doorbell/connection/config",
        "homeassistant/binary_sensor/doorbell/person_3_at_the_door/config",
        "homeassistant/binary_sensor/doorbell/person_4_at_the_door/config",
        "homeassistant/binary_sensor/doorbell/problem/config",
        "homeassistant/button/doorbell/ring_button/config",
        "homeassistant/event/doorbell/ring/config",
        "homeassistant/event/doorbell/visit/config",
        "homeassistant/image/doorbell/picture/config",
        "homeassistant/sensor/doorbell/last_visitor/config",
        "homeassistant/sensor/doorbell/person_3_last_seen/config",
        "homeassistant/sensor/doorbell/person_4_last_seen/config",
    ]
    ids = [config["unique_id"] for config in configs.values()]
    assert len(set(ids)) == len(ids)
    assert len({json.dumps(config["device"]) for config in configs.values()}) == 1


def test_only_the_connection_outlives_the_doorbell(configs: dict[str, dict[str, Any]]) -> None:
    """Everything else is unavailable when the last will is read."""
    without = [topic for topic, config in configs.items() if "availability_topic" not in config]
    assert without == ["homeassistant/binary_sensor/doorbell/connection/config"]
    assert {config.get("availability_topic") for config in configs.values()} == {None, "doorbell/availability"}
    connection = configs[without[0]]
    assert (connection["payload_on"], connection["payload_off"]) == ("online", "offline")


def test_a_visit_has_an_event_type_for_every_outcome(configs: dict[str, dict[str, Any]]) -> None:
    assert configs["homeassistant/event/doorbell/visit/config"]["event_types"] == [str(each) for each in Outcome]
    assert configs["homeassistant/event/doorbell/ring/config"]["event_types"] == ["ring", "missed_ring"]


def test_templates_hold_nothing_that_people_typed(configs: dict[str, dict[str, Any]]) -> None:
    templates = [value for config in configs.values() for key, value in config.items() if key.endswith("_template")]
    assert templates
    assert all(re.fullmatch(r"\{\{ value_json\.[a-z_]+ \}\}", template) for template in templates)


def test_the_device_leads_to_the_pages_when_their_address_is_known(
    configs: dict[str, dict[str, Any]], settings: Settings
) -> None:
    ring = "homeassistant/event/doorbell/ring/config"
    assert configs[ring]["device"] == {
        "identifiers": ["doorbell"],
        "name": "Doorbell",
        "model": "Doorbell with face recognition",
        "sw_version": settings.SPECTACULAR_SETTINGS["VERSION"],
        "configuration_url": "https://door.example",
    }
    settings.PUBLIC_URL = ""
    assert "configuration_url" not in json.loads(discovery(PLAN, [], [])[ring])["device"]


def test_a_second_doorbell_on_the_broker_is_another_device() -> None:
    front = discovery(PLAN, [], [])
    back = discovery(replace(PLAN, topics=Topics("home/back door")), [], [])
    assert not front.keys() & back.keys()
    devices = [json.loads(next(iter(each.values())))["device"] for each in (front, back)]
    assert [device["name"] for device in devices] == ["Doorbell", "Home back door"]


def test_without_names_there_is_no_sensor_for_a_person() -> None:
    assert not [topic for topic in discovery(replace(PLAN, with_names=False), [], PEOPLE) if "person" in topic]


def test_without_pictures_there_is_no_image() -> None:
    assert not [topic for topic in discovery(replace(PLAN, with_pictures=False), [], []) if "/image/" in topic]


def test_without_a_prefix_nothing_is_announced() -> None:
    assert discovery(replace(PLAN, discovery_prefix=""), CAMERAS, PEOPLE) == {}
