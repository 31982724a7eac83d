"""Home Assistant's MQTT discovery as JSON Schemas, field by field.

Written from its documentation; each platform's page lists every field it takes, its type and whether it is required:
https://www.home-assistant.io/integrations/mqtt/#discovery-messages (topic, device, origin, availability)
https://www.home-assistant.io/integrations/event.mqtt/, sensor.mqtt/, binary_sensor.mqtt/, image.mqtt/, button.mqtt/
https://www.home-assistant.io/integrations/event/#device-classes; a doorbell has the event type `ring`, required from
2027.4 on: https://developers.home-assistant.io/docs/core/entity/event/#standardized-event-types
Home Assistant ignores fields that it does not know. Here they are errors: they would be mistakes.
"""

import re
from typing import Any

TOPIC = {"type": "string", "minLength": 1, "pattern": r"^[^+#\x00]+$"}
TEXT = {"type": "string", "minLength": 1}
TEMPLATE = {"type": "string", "pattern": r"^\{\{.*\}\}$"}
QOS = {"enum": [0, 1, 2]}
ICON = {"type": "string", "pattern": "^mdi:[a-z-]+$"}

DEVICE = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [{"required": ["identifiers"]}, {"required": ["connections"]}],
    "properties": {
        "identifiers": {"type": "array", "items": TEXT, "minItems": 1},
        "connections": {"type": "array", "items": {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 2}},
        "configuration_url": {"type": "string", "pattern": "^(https?|homeassistant)://"},
        **dict.fromkeys(("manufacturer", "model", "model_id", "name", "hw_version", "serial_number"), TEXT),
        **dict.fromkeys(("sw_version", "suggested_area", "via_device"), TEXT),
    },
}
ORIGIN = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {"name": TEXT, "sw_version": TEXT, "support_url": {"type": "string", "pattern": "^https?://"}},
}
# Every platform takes these.
COMMON: dict[str, Any] = {
    "availability_topic": TOPIC,
    "availability_template": TEMPLATE,
    "payload_available": TEXT,
    "payload_not_available": TEXT,
    "default_entity_id": TEXT,
    "device": DEVICE,
    "origin": ORIGIN,
    "enabled_by_default": {"type": "boolean"},
    "entity_category": {"enum": ["config", "diagnostic"]},
    "icon": ICON,
    "json_attributes_topic": TOPIC,
    "json_attributes_template": TEMPLATE,
    "name": {"type": ["string", "null"]},
    "unique_id": TEXT,
}
EVENT = {
    "state_topic": TOPIC,
    "event_types": {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
    "device_class": {"enum": ["button", "doorbell", "motion"]},
    "value_template": TEMPLATE,
    "encoding": TEXT,
    "qos": QOS,
}
SENSOR = {
    "state_topic": TOPIC,
    "value_template": TEMPLATE,
    "device_class": {"enum": ["timestamp", "enum", "duration"]},
    "expire_after": {"type": "integer", "minimum": 0},
    "force_update": {"type": "boolean"},
    "unit_of_measurement": TEXT,
    "encoding": TEXT,
    "qos": QOS,
}
BINARY_SENSOR = {
    "state_topic": TOPIC,
    "value_template": TEMPLATE,
    "device_class": {"enum": ["connectivity", "occupancy", "presence", "problem", "running"]},
    "expire_after": {"type": "integer", "minimum": 1},
    "force_update": {"type": "boolean"},
    "off_delay": {"type": "integer", "minimum": 0},
    "payload_on": TEXT,
    "payload_off": TEXT,
    "encoding": TEXT,
    "qos": QOS,
}
IMAGE = {
    "image_topic": TOPIC,
    "url_topic": TOPIC,
    "url_template": TEMPLATE,
    "content_type": {"type": "string", "pattern": "^image/"},
    "image_encoding": {"const": "b64"},
    "encoding": TEXT,
}
BUTTON = {
    "command_topic": TOPIC,
    "command_template": TEMPLATE,
    "payload_press": TEXT,
    "device_class": {"enum": ["identify", "restart", "update"]},
    "retain": {"type": "boolean"},
    "encoding": TEXT,
    "qos": QOS,
}


def _platform(own: dict[str, Any], required: list[str], **more: Any) -> dict[str, Any]:
    # A device needs a unique id, and a device's entities an origin, as the page on discovery asks.
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*required, "unique_id", "device", "origin"],
        "properties": COMMON | own,
        **more,
    }


IS_DOORBELL = {"properties": {"device_class": {"const": "doorbell"}}, "required": ["device_class"]}
PLATFORMS = {
    "event": _platform(
        EVENT,
        ["state_topic", "event_types"],
        **{"if": IS_DOORBELL, "then": {"properties": {"event_types": {"contains": {"const": "ring"}}}}},
    ),
    "sensor": _platform(SENSOR, ["state_topic"]),
    "binary_sensor": _platform(BINARY_SENSOR, ["state_topic"]),
    "image": _platform(IMAGE, [], oneOf=[{"required": ["image_topic"]}, {"required": ["url_topic"]}]),
    "button": _platform(BUTTON, ["command_topic"]),
}

# <discovery_prefix>/<component>/[<node_id>/]<object_id>/config; ids of a-z, A-Z, 0-9, _ and -
CONFIG_TOPIC = re.compile(
    r"^homeassistant/(?P<platform>[a-z_]+)/(?P<node_id>[a-zA-Z0-9_-]+)/(?P<object_id>[a-zA-Z0-9_-]+)/config$"
)
