"""What the settings ask of the MQTT bridge, read and checked once."""

from dataclasses import dataclass

from django.conf import settings

from pipeline.mqtt.address import BrokerAddress, InvalidMqttSetting, parse_broker_url
from pipeline.mqtt.topics import Topics, check_topic


@dataclass(frozen=True, slots=True)
class ForeignBell:
    """Another doorbell's topic, whose messages ring ours. `payload`: see `commands.means_ring`; `camera`: a name, or
    '' for the first one."""

    topic: str
    payload: str = ""
    camera: str = ""


@dataclass(frozen=True, slots=True)
class MqttPlan:
    """discovery_prefix: '' announces nothing to Home Assistant. with_names: who was there, by name, and a sensor for
    each person. with_pictures: the newest picture, which the broker keeps."""

    broker: BrokerAddress
    topics: Topics
    discovery_prefix: str = "homeassistant"
    with_names: bool = True
    with_pictures: bool = True
    bell: ForeignBell | None = None


def is_configured() -> bool:
    return bool(settings.MQTT_URL)


def configured_broker() -> BrokerAddress:
    """Raises InvalidMqttSetting."""
    return parse_broker_url(settings.MQTT_URL, ca_file=settings.MQTT_CA_FILE, is_insecure=settings.MQTT_INSECURE)


def configured_topics() -> Topics:
    """Raises InvalidMqttSetting."""
    return Topics(check_topic(settings.MQTT_TOPIC, "MQTT_TOPIC"))


def configured_plan() -> MqttPlan:
    """Raises InvalidMqttSetting."""
    topics = configured_topics()
    prefix = settings.MQTT_DISCOVERY_PREFIX
    return MqttPlan(
        broker=configured_broker(),
        topics=topics,
        discovery_prefix=check_topic(prefix, "MQTT_DISCOVERY_PREFIX") if prefix else "",
        with_names=settings.MQTT_NAMES,
        with_pictures=settings.MQTT_PICTURES,
        bell=_foreign_bell(topics),
    )


def _foreign_bell(topics: Topics) -> ForeignBell | None:
    if not settings.MQTT_RING_TOPIC:
        return None
    topic = check_topic(settings.MQTT_RING_TOPIC, "MQTT_RING_TOPIC")
    if topic.startswith(f"{topics.base}/"):
        raise InvalidMqttSetting(
            f"MQTT_RING_TOPIC is {topic[:60]!r}, one of the doorbell's own; {topics.ring} rings without any setting"
        )
    return ForeignBell(topic, settings.MQTT_RING_PAYLOAD.strip(), settings.MQTT_RING_CAMERA.strip())
