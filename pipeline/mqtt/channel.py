"""MQTT as a channel of the notification rules: each message as JSON on a topic, for automations that want the
household's rules, quiet hours and words instead of every visit."""

import json
from dataclasses import dataclass

from django.conf import settings

from events.notifications.channels.base import Channel, Config, DeliveryError, Field, InvalidConfig, Kind
from events.notifications.channels.webhook import payload_of
from events.notifications.message import Message
from pipeline.mqtt.address import BrokerAddress, InvalidMqttSetting, parse_broker_url
from pipeline.mqtt.packets import Outgoing
from pipeline.mqtt.plan import configured_broker, configured_topics
from pipeline.mqtt.topics import check_topic


@dataclass(frozen=True, slots=True)
class MqttChannel:
    """Connects for each message: a test from the web page must work where no bridge runs."""

    broker: BrokerAddress
    topic: str

    def send(self, message: Message) -> dict[str, str]:
        # Every process knows the kinds of channels; only the one that sends needs paho.
        from pipeline.mqtt.once import NotPublished, publish_once

        body = json.dumps(payload_of(message), ensure_ascii=False).encode()
        try:
            publish_once(self.broker, Outgoing(self.topic, body), settings.NOTIFY_TIMEOUT_S)
        except NotPublished as error:
            raise DeliveryError(str(error), permanent=error.is_hopeless) from error
        except InvalidMqttSetting as error:
            raise DeliveryError(str(error), permanent=True) from error
        return {"mqtt": message.delivery}


def _open(config: Config) -> Channel:
    return MqttChannel(_broker(config), _topic(config))


def _broker(config: Config) -> BrokerAddress:
    url = str(config.get("url", ""))
    if not url and not settings.MQTT_URL:
        raise InvalidConfig("url", "Name a broker here, or set MQTT_URL for the whole doorbell.")
    try:
        if not url:
            return configured_broker()
        return parse_broker_url(
            url, name="The address", ca_file=settings.MQTT_CA_FILE, is_insecure=settings.MQTT_INSECURE
        )
    except InvalidMqttSetting as error:
        raise InvalidConfig("url", str(error)) from error


def _topic(config: Config) -> str:
    try:
        topic = str(config.get("topic", "")).strip()
        return check_topic(topic, "The topic") if topic else configured_topics().message
    except InvalidMqttSetting as error:
        raise InvalidConfig("topic", str(error)) from error


def _describe(config: Config) -> str:
    try:
        return f"{_topic(config)} on {_broker(config)}"
    except InvalidConfig as error:
        return str(error)


def _secrets(config: Config) -> tuple[str, ...]:
    try:
        return (str(config.get("url", "")), _broker(config).password)
    except InvalidConfig:
        return (str(config.get("url", "")),)


KIND = Kind(
    name="mqtt",
    label="MQTT",
    summary="JSON on a topic, for automations that follow your rules; Home Assistant's entities need no channel.",
    fields=(
        Field(
            "url",
            "Broker",
            "mqtts://user:password@host:8883. Empty: the one in MQTT_URL.",
            widget="url",
            is_secret=True,
            is_required=False,
        ),
        Field("topic", "Topic", "Empty: doorbell/message, below MQTT_TOPIC.", is_required=False),
    ),
    open=_open,
    describe=_describe,
    secrets=_secrets,
    can_replace=True,
    is_told_everything=False,
)
