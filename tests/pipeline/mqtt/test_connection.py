"""TLS, passwords, and a broker that is killed and comes back."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import timezone

from events.models import Camera, Event
from pipeline.mqtt.address import BrokerAddress
from pipeline.mqtt.connection import Connection
from pipeline.mqtt.packets import Outgoing
from pipeline.mqtt.plan import MqttPlan
from pipeline.mqtt.topics import Topics
from pipeline.ring import ring
from tests.pipeline.mqtt.brokers import STEP_S, WAIT_S, Heard, Listener, Mosquitto
from tests.pipeline.mqtt.certificates import make_authority, make_certificate
from tests.pipeline.mqtt.conftest import StartBridge

WILL = Outgoing("doorbell/availability", b"offline", is_retained=True)


@pytest.fixture
def authority_file(tmp_path: Path) -> Path:
    return tmp_path / "A test's authority.pem"


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker with TLS and a password."""
    _, authority, key = make_authority(tmp_path)
    broker = Mosquitto(tmp_path, tls=make_certificate(tmp_path, authority, key), has_password=True)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def connect() -> Iterator[Callable[[BrokerAddress], Connection]]:
    made: list[Connection] = []

    def connect(address: BrokerAddress) -> Connection:
        connection = Connection(address, "doorbell-test", will=WILL, filters=(), on_message=lambda _message: None)
        made.append(connection)
        connection.start()
        return connection

    yield connect
    for connection in made:
        connection.stop(WILL)


# paho leaves a socket whose handshake failed to the garbage collector.
leaves_a_socket = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def wait_for(happened: Callable[[], object]) -> None:
    """Without a fixed pause: the connection has a thread of its own, and tells nobody."""
    deadline = time.monotonic() + WAIT_S
    ticker = threading.Event()
    while not happened():
        assert time.monotonic() < deadline
        ticker.wait(STEP_S)


Connect = Callable[[BrokerAddress], Connection]


def test_tls_and_password_let_in_who_has_both(locked: Mosquitto, authority_file: Path, connect: Connect) -> None:
    listener = Listener(locked.address(ca_file=authority_file))
    connection = connect(locked.address(ca_file=authority_file))
    wait_for(lambda: connection.is_up)
    assert connection.send([Outgoing("doorbell/test", b"here")]).wait(WAIT_S)
    assert listener.expect("doorbell/test").payload == b"here"
    listener.close()


def test_a_wrong_password_is_said_and_tried_again(locked: Mosquitto, authority_file: Path, connect: Connect) -> None:
    connection = connect(locked.address(ca_file=authority_file, password="wrong"))
    wait_for(lambda: connection.last_error)
    assert connection.last_error == (
        f"the MQTT broker mqtts://localhost:{locked.port} refused the connection: not authorized"
    )
    assert connection.is_alive
    assert not connection.is_up


@leaves_a_socket
def test_a_certificate_of_somebody_else_is_not_believed(locked: Mosquitto, tmp_path: Path, connect: Connect) -> None:
    stranger, _, _ = make_authority(tmp_path, "A stranger")
    connection = connect(locked.address(ca_file=stranger))
    wait_for(lambda: connection.last_error)
    assert "certificate verify failed" in connection.last_error
    assert connection.last_error.endswith(
        "MQTT_CA_FILE names the certificate of the authority that signed the broker's"
    )
    assert not connection.is_up


@leaves_a_socket
def test_a_certificate_for_another_host_is_not_believed(
    locked: Mosquitto, authority_file: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *words, **more: real("localhost" if host == "door.test" else host, *words, **more),
    )
    connection = connect(replace(locked.address(ca_file=authority_file), host="door.test"))
    wait_for(lambda: connection.last_error)
    assert "Hostname mismatch" in connection.last_error
    assert connection.last_error.endswith("MQTT_URL names the host by another name than its certificate")


def test_insecure_takes_any_certificate(locked: Mosquitto, connect: Connect) -> None:
    connection = connect(replace(locked.address(), is_insecure=True))
    wait_for(lambda: connection.is_up)


def test_speaking_plainly_to_a_tls_broker_is_an_error_and_no_crash(locked: Mosquitto, connect: Connect) -> None:
    connection = connect(replace(locked.address(), is_tls=False))
    wait_for(lambda: connection.last_error)
    assert connection.is_alive


def test_a_broker_that_is_not_there_yet_is_waited_for(mosquitto: Mosquitto, connect: Connect) -> None:
    mosquitto.kill()
    connection = connect(mosquitto.address())
    wait_for(lambda: connection.last_error)
    assert connection.last_error == (
        f"the MQTT broker mqtt://127.0.0.1:{mosquitto.port} cannot be reached: [Errno 111] Connection refused"
    )
    mosquitto.start()
    wait_for(lambda: connection.is_up)
    assert connection.last_error == ""


def test_what_was_on_its_way_when_the_broker_died_is_sent_again(
    mosquitto: Mosquitto, listener: Listener, connect: Connect
) -> None:
    connection = connect(mosquitto.address())
    wait_for(lambda: connection.is_up)
    mosquitto.kill()
    wait_for(lambda: not connection.is_up)
    delivery = connection.send([Outgoing("doorbell/test", b"before", is_retained=True)])
    assert not delivery.is_done
    mosquitto.start()
    assert delivery.wait(WAIT_S)
    assert listener.expect("doorbell/test").payload == b"before"


@pytest.mark.django_db(transaction=True)
def test_presses_while_the_broker_is_dead_are_told_when_it_is_back(
    start_bridge: StartBridge, mosquitto: Mosquitto, listener: Listener
) -> None:
    """A broker killed without a word, which forgot all it kept; Home Assistant is back before they are told."""
    bridge = start_bridge(MqttPlan(mosquitto.address(), Topics("doorbell")))
    assert listener.expect("doorbell/availability", step=bridge.look).payload == b"online"
    pressed = []
    for round_number in range(3):
        mosquitto.kill()
        wait_for(lambda: not bridge.connection.is_up)
        for name in ("front", "back", "side"):
            camera = Camera.objects.create(name=f"{name} {round_number}", state="live", seen_at=timezone.now())
            pressed.append(ring(camera, pressed_by="test").event.pk)
        bridge.look()
        heard = len(listener.heard)
        mosquitto.start()
        listener.wait_until_subscribed()
        wait_for(lambda: bridge.connection.is_up)
        bridge.look()
        assert listener.on("doorbell/press")[3 * round_number :] == []  # held back: nobody may listen yet
        listener.say("homeassistant/status", b"online")
        told = [
            listener.expect_that(_is_press(pk), f"of press {pk}", after=heard, step=bridge.look) for pk in pressed[-3:]
        ]
        assert [each.json["event_type"] for each in told] == ["ring"] * 3
        for topic in ("homeassistant/event/doorbell/ring/config", "doorbell/availability"):
            assert listener.expect(topic, after=heard, step=bridge.look).payload
    assert [each.json["id"] for each in listener.on("doorbell/press")] == pressed


@pytest.mark.django_db(transaction=True)
def test_a_press_after_the_broker_is_back_is_told_at_once(
    start_bridge: StartBridge, mosquitto: Mosquitto, listener: Listener
) -> None:
    bridge = start_bridge(MqttPlan(mosquitto.address(), Topics("doorbell")))
    listener.expect("doorbell/availability", step=bridge.look)
    mosquitto.kill()
    wait_for(lambda: not bridge.connection.is_up)
    mosquitto.start()
    listener.wait_until_subscribed()
    wait_for(lambda: bridge.connection.is_up)
    bridge.look()
    camera = Camera.objects.create(name="front", state="live", seen_at=timezone.now())
    event = ring(camera, pressed_by="test").event
    bridge.look()
    assert [each.json["id"] for each in listener.on("doorbell/press")] == [event.pk]


@pytest.mark.django_db(transaction=True)
def test_a_ring_command_that_is_kept_for_us_rings_at_no_reconnection(
    start_bridge: StartBridge, mosquitto: Mosquitto, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    listener.say("doorbell/ring", b"PRESS", retain=True)
    bridge = start_bridge(MqttPlan(mosquitto.address(), Topics("doorbell")))
    listener.expect("doorbell/availability", step=bridge.look)
    wait_for(lambda: "a ring command retained on doorbell/ring is ignored" in caplog.text)
    assert not Event.objects.exists()
    listener.say("doorbell/ring", b"PRESS")
    assert listener.expect("doorbell/press", step=bridge.look).json["camera"] is None


def _is_press(pk: int) -> Callable[[Heard], bool]:
    return lambda heard: heard.topic == "doorbell/press" and bool(heard.json["id"] == pk)
