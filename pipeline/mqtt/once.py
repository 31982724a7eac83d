"""One message to a broker, by a connection of its own: for a process that has no lasting one."""

import queue
import time
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from pipeline.errors import DoorbellError
from pipeline.mqtt.address import BrokerAddress
from pipeline.mqtt.client import AT_LEAST_ONCE, HOPELESS, KEEP_ALIVE_S, new_client, why_refused, why_unreachable
from pipeline.mqtt.packets import Outgoing


class NotPublished(DoorbellError):
    """`is_hopeless`: trying again cannot help."""

    code = "not_published"

    def __init__(self, text: str, *, is_hopeless: bool = False) -> None:
        super().__init__(text)
        self.is_hopeless = is_hopeless


def publish_once(address: BrokerAddress, message: Outgoing, timeout_s: float) -> None:
    """Return when the broker has taken it. Raises NotPublished, InvalidMqttSetting."""
    end = time.monotonic() + timeout_s
    client = new_client(address, "", connect_within_s=timeout_s)
    answers: queue.SimpleQueue[ReasonCode] = queue.SimpleQueue()

    def answered(_client: Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        answers.put(reason)

    client.on_connect = answered
    try:
        client.connect(address.host, address.port, keepalive=KEEP_ALIVE_S)
    except OSError as error:
        raise NotPublished(why_unreachable(error, address)) from error
    client.loop_start()
    try:
        _check_answer(answers, address, end - time.monotonic())
        _publish(client, message, address, end - time.monotonic())
    finally:
        client.disconnect()
        client.loop_stop()


def _check_answer(answers: "queue.SimpleQueue[ReasonCode]", address: BrokerAddress, timeout_s: float) -> None:
    try:
        reason = answers.get(timeout=max(timeout_s, 0.0))
    except queue.Empty:
        raise NotPublished(f"the MQTT broker {address} did not answer in time") from None
    if reason.is_failure:
        raise NotPublished(why_refused(reason, address), is_hopeless=str(reason) in HOPELESS)


def _publish(client: Client, message: Outgoing, address: BrokerAddress, timeout_s: float) -> None:
    sent = client.publish(message.topic, message.payload, qos=AT_LEAST_ONCE, retain=message.is_retained)
    if sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS:
        sent.wait_for_publish(max(timeout_s, 0.0))
        if sent.is_published():
            return
    raise NotPublished(f"the MQTT broker {address} did not take the message in time")
