from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.mqtt.bridge import Bridge
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.topics import Topics
from tests.pipeline.mqtt.brokers import Listener, Mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    listener = Listener(mosquitto.address())
    yield listener
    listener.close()


@pytest.fixture
def plan(mosquitto: Mosquitto) -> MqttPlan:
    return MqttPlan(broker=mosquitto.address(), topics=Topics("doorbell"))


StartBridge = Callable[[MqttPlan], Bridge]


@pytest.fixture
def start_bridge(transactional_db: None, mosquitto: Mosquitto) -> Iterator[StartBridge]:
    """A bridge that connects, and looks when the test says so."""
    running: list[Bridge] = []

    def start(plan: MqttPlan) -> Bridge:
        bridge = Bridge(plan)
        bridge._desk.start()
        bridge.connection.start()
        running.append(bridge)
        return bridge

    yield start
    for bridge in running:
        bridge._desk.stop()
        bridge.connection.stop(bridge._offline)
