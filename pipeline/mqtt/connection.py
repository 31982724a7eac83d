"""One lasting connection to the broker, which comes back by itself."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from pipeline.mqtt.address import BrokerAddress
from pipeline.mqtt.client import AT_LEAST_ONCE, KEEP_ALIVE_S, new_client, why_refused, why_unreachable
from pipeline.mqtt.packets import Incoming, Outgoing

logger = logging.getLogger(__name__)

RETRY_FIRST_S = 1
RETRY_LONGEST_S = 30
STOP_WITHIN_S = 2.0


class Delivery:
    """Messages on their way at "at least once": after a lost connection they are sent again by themselves."""

    def __init__(self, sent: Sequence[MQTTMessageInfo]) -> None:
        self._sent = sent

    @property
    def is_done(self) -> bool:
        """Whether the broker has taken every one."""
        return all(info.is_published() for info in self._sent)

    def wait(self, timeout_s: float) -> bool:
        end = time.monotonic() + timeout_s
        for info in self._sent:
            info.wait_for_publish(max(0.0, end - time.monotonic()))
        return self.is_done


class Connection:
    """`on_message` is called in the network's thread and must return at once.

    will: what the broker says for us when we vanish. filters: what to listen to, in every session.
    Raises InvalidMqttSetting.
    """

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        *,
        will: Outgoing,
        filters: Sequence[str],
        on_message: Callable[[Incoming], None],
    ) -> None:
        self.address = address
        self.session = 0  # how often it was established
        self.last_error = ""
        self._filters = [(topic, AT_LEAST_ONCE) for topic in filters]
        self._on_message = on_message
        self._client = self._make_client(client_id, will)
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    @property
    def is_up(self) -> bool:
        return self._client.is_connected()

    @property
    def is_alive(self) -> bool:
        """False: the network's thread has ended, and nothing will bring the connection back."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Connect in the background, now and again for ever."""
        self._client.connect_async(self.address.host, self.address.port, keepalive=KEEP_ALIVE_S)
        self._thread.start()

    def send(self, messages: Sequence[Outgoing]) -> Delivery:
        """Send in this order. While the broker is away they wait in memory, so look at `is_up` first."""
        return Delivery([self._publish(message) for message in messages])

    def stop(self, last: Outgoing, within_s: float = STOP_WITHIN_S) -> None:
        """Say the last word and hang up; the broker keeps our will to itself then."""
        if self.is_up:
            self.send([last]).wait(within_s)
        self._client.disconnect()
        self._thread.join(within_s)

    def _make_client(self, client_id: str, will: Outgoing) -> Client:
        client = new_client(self.address, client_id)
        client.reconnect_delay_set(RETRY_FIRST_S, RETRY_LONGEST_S)
        client.will_set(will.topic, will.payload, qos=AT_LEAST_ONCE, retain=will.is_retained)
        client.on_connect = self._connected
        client.on_connect_fail = self._unreachable
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        return client

    def _run(self) -> None:
        self._client.loop_forever(retry_first_connection=True)

    def _publish(self, message: Outgoing) -> MQTTMessageInfo:
        info = self._client.publish(message.topic, message.payload, qos=AT_LEAST_ONCE, retain=message.is_retained)
        if info.rc is MQTTErrorCode.MQTT_ERR_NO_CONN:
            # The connection broke this moment. It is queued all the same; paho only refuses to follow it.
            info.rc = MQTTErrorCode.MQTT_ERR_SUCCESS
        return info

    def _connected(self, client: Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self._complain(why_refused(reason, self.address))
            return
        self.last_error = ""
        if self._filters:
            client.subscribe(self._filters)
        self.session += 1
        logger.info("connected to the MQTT broker %s", self.address)

    def _unreachable(self, _client: Client, _userdata: Any) -> None:
        # paho calls this while it handles the error, and hands it to nobody.
        self._complain(why_unreachable(sys.exception(), self.address))

    def _disconnected(self, _client: Client, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure and not self.last_error:
            self._complain(f"the MQTT broker {self.address} hung up: {str(reason).lower()}")

    def _received(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        self._on_message(Incoming(message.topic, bytes(message.payload), message.retain))

    def _complain(self, text: str) -> None:
        """A line for each new trouble, not for each attempt."""
        if text != self.last_error:
            self.last_error = text
            logger.warning("%s; trying again", text)
