"""What Home Assistant is to show: one retained message for each entity, by its MQTT discovery.

Fields and topics as https://www.home-assistant.io/integrations/mqtt/ and the pages of each platform describe them.
One message an entity, not one for the device, so that any Home Assistant since 2023.8 understands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from events.models import Camera, Outcome
from faces.models import Person
from pipeline.mqtt.commands import PRESS
from pipeline.mqtt.messages import MISSED_RING, RING, as_json
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.topics import Topics

ONLINE, OFFLINE = "online", "offline"
AT_THE_DOOR_S = 30


@dataclass(frozen=True, slots=True)
class Entity:
    """platform: the word in the discovery topic. key: unique within the doorbell. facts: the platform's own fields."""

    platform: str
    key: str
    name: str
    facts: dict[str, Any]
    has_availability: bool = True


def discovery(plan: MqttPlan, cameras: Iterable[Camera], people: Iterable[Person]) -> dict[str, bytes]:
    """Config topic and payload of every entity; nothing when discovery is off."""
    if not plan.discovery_prefix:
        return {}
    topics = plan.topics
    entities = [*_own(plan), *(_of_camera(topics, camera) for camera in cameras)]
    if plan.with_names:
        entities += [entity for person in people for entity in _of_person(topics, person)]
    return {_config_topic(plan, entity): as_json(_config(topics, entity)) for entity in entities}


def config_filter(plan: MqttPlan) -> str:
    """All config topics of this doorbell, to find those of people and cameras that are gone."""
    return f"{plan.discovery_prefix}/+/{plan.topics.slug}/+/config"


def birth_topic(plan: MqttPlan) -> str:
    """Where Home Assistant says `online` when it has connected and subscribed."""
    return f"{plan.discovery_prefix}/status"


def _own(plan: MqttPlan) -> list[Entity]:
    topics = plan.topics
    outcomes = [str(outcome) for outcome in Outcome]
    entities = [
        Entity(
            "event",
            "ring",
            "Ring",
            {"state_topic": topics.press, "event_types": [RING, MISSED_RING], "device_class": "doorbell"},
        ),
        Entity(
            "event",
            "visit",
            "Visit",
            {"state_topic": topics.visit, "event_types": outcomes, "icon": "mdi:account-eye"},
        ),
        Entity(
            "sensor",
            "last_visitor",
            "Last visitor",
            {
                "state_topic": topics.last_visit,
                "value_template": "{{ value_json.visitor }}",
                "json_attributes_topic": topics.last_visit,
                "icon": "mdi:account-clock",
            },
        ),
        Entity("button", "ring_button", "Ring the bell", {"command_topic": topics.ring, "payload_press": PRESS}),
        _problem(topics),
        _connection(topics),
    ]
    if plan.with_pictures:
        picture = {"image_topic": topics.picture, "content_type": "image/jpeg"}
        entities.append(Entity("image", "picture", "Last picture", picture))
    return entities


def _problem(topics: Topics) -> Entity:
    facts = {
        "state_topic": topics.health,
        "value_template": "{{ value_json.problem }}",
        "json_attributes_topic": topics.health,
        "device_class": "problem",
        "entity_category": "diagnostic",
    }
    return Entity("binary_sensor", "problem", "Problem", facts)


def _connection(topics: Topics) -> Entity:
    """Off, and not unavailable, when the doorbell is gone: that is what it is there to say."""
    facts = {
        "state_topic": topics.availability,
        "payload_on": ONLINE,
        "payload_off": OFFLINE,
        "device_class": "connectivity",
        "entity_category": "diagnostic",
    }
    return Entity("binary_sensor", "connection", "Connection", facts, has_availability=False)


def _of_camera(topics: Topics, camera: Camera) -> Entity:
    facts = {
        "state_topic": topics.camera(camera.pk),
        "device_class": "connectivity",
        "entity_category": "diagnostic",
    }
    return Entity("binary_sensor", f"camera_{camera.pk}", f"Camera {camera.name}", facts)


def _of_person(topics: Topics, person: Person) -> list[Entity]:
    at_the_door = {
        "state_topic": topics.at_the_door(person.pk),
        "off_delay": AT_THE_DOOR_S,
        "device_class": "occupancy",
    }
    last_seen = {"state_topic": topics.last_seen(person.pk), "device_class": "timestamp"}
    return [
        Entity("binary_sensor", f"person_{person.pk}_at_the_door", f"{person.name} at the door", at_the_door),
        Entity("sensor", f"person_{person.pk}_last_seen", f"{person.name} last seen", last_seen),
    ]


def _config_topic(plan: MqttPlan, entity: Entity) -> str:
    return f"{plan.discovery_prefix}/{entity.platform}/{plan.topics.slug}/{entity.key}/config"


def _config(topics: Topics, entity: Entity) -> dict[str, Any]:
    availability = {"availability_topic": topics.availability} if entity.has_availability else {}
    return {
        "name": entity.name,
        "unique_id": f"{topics.slug}_{entity.key}",
        **({} if entity.platform == "image" else {"qos": 1}),  # the one platform that knows no such field
        **availability,
        **entity.facts,
        "device": _device(topics),
        "origin": {"name": "Doorbell", "sw_version": settings.SPECTACULAR_SETTINGS["VERSION"]},
    }


def _device(topics: Topics) -> dict[str, Any]:
    device = {
        "identifiers": [topics.slug],
        "name": topics.slug.replace("_", " ").capitalize(),
        "model": "Doorbell with face recognition",
        "sw_version": settings.SPECTACULAR_SETTINGS["VERSION"],
    }
    return device | ({"configuration_url": settings.PUBLIC_URL} if settings.PUBLIC_URL else {})
