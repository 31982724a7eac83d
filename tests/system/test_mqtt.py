"""MQTT through the true processes: run_doorbell starts the bridge, and both ends may die."""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Portraits
from tests.pipeline.mqtt.brokers import Heard, Listener, Mosquitto
from tests.system.doorbell import Doorbell, share_networks

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path_factory.mktemp("mosquitto"), has_password=True)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(scope="module")
def listener(broker: Mosquitto) -> Iterator[Listener]:
    listener = Listener(broker.address())
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def bell(
    tmp_path_factory: pytest.TempPathFactory, portraits: Portraits, broker: Mosquitto, listener: Listener
) -> Iterator[Doorbell]:
    bell = Doorbell(tmp_path_factory.mktemp("mqtt"), "--source", str(portraits.grace_hopper), "--loop")
    bell.environment |= {
        "MQTT_URL": f"mqtt://doorbell:p%40ss%3Aword%2F1@127.0.0.1:{broker.port}",
        "MQTT_RING_TOPIC": "old/bell",
        "MQTT_RING_PAYLOAD": "action=single",
        "DEBOUNCE_TIME": "0",
    }
    share_networks(bell.folder / "var")
    bell.start()
    bell.sign_up()
    bell.manage("enroll", "Grace Hopper", str(portraits.grace_hopper))
    yield bell
    bell.stop()


def decided(number: int) -> Callable[[Heard], bool]:
    return lambda heard: heard.topic == "doorbell/visit" and heard.json["id"] == number and heard.json["is_final"]


def test_a_press_on_the_page_reaches_home_assistant_with_a_name_and_a_picture(
    bell: Doorbell, listener: Listener
) -> None:
    assert listener.expect("doorbell/availability").payload == b"online"
    number = bell.ring()
    assert listener.expect("doorbell/press").json["id"] == number
    visit = listener.expect_that(decided(number), f"final of event {number}").json
    assert (visit["event_type"], visit["visitor"]) == ("known", "Grace Hopper")
    listener.expect_that(
        lambda heard: heard.topic == "doorbell/picture" and heard.payload.startswith(b"\xff\xd8"), "to be seen"
    )


@pytest.mark.parametrize(
    ("topic", "payload"), [("doorbell/ring", "PRESS"), ("old/bell", '{"action": "single", "battery": 90}')]
)
def test_a_command_by_mqtt_rings_and_is_recognized(
    bell: Doorbell, listener: Listener, topic: str, payload: str
) -> None:
    heard = listener.catch_up()
    listener.say(topic, payload)
    number = listener.expect("doorbell/press", after=heard).json["id"]
    visit = listener.expect_that(decided(number), f"final of event {number}", after=heard).json
    assert visit["visitor"] == "Grace Hopper"
    assert bell.event(number)["trigger"] == "press"


def test_a_bridge_that_is_killed_tells_what_it_missed(bell: Doorbell, listener: Listener) -> None:
    heard = listener.catch_up()
    bell.child("run_mqtt").kill()
    assert listener.expect("doorbell/availability", after=heard).payload == b"offline"
    number = bell.ring()
    press = listener.expect_that(lambda each: each.topic == "doorbell/press", "pressed", after=heard)
    assert (press.json["id"], press.json["event_type"]) == (number, "ring")
    presses = [each.json["id"] for each in listener.on("doorbell/press")]
    assert len(set(presses)) == len(presses)


def test_a_broker_that_is_killed_is_told_what_it_missed(bell: Doorbell, listener: Listener, broker: Mosquitto) -> None:
    broker.kill()
    number = bell.ring()
    bell.decided(number)
    heard = len(listener.heard)
    broker.start()
    listener.wait_until_subscribed()
    listener.say("homeassistant/status", "online")

    def is_the_press(each: Heard) -> bool:
        return each.topic == "doorbell/press" and bool(each.json["id"] == number)

    assert listener.expect_that(is_the_press, "pressed", after=heard, step=birth(listener))
    assert listener.expect("homeassistant/event/doorbell/ring/config", after=heard).payload
    assert listener.expect("doorbell/availability", after=heard).payload == b"online"


def birth(listener: Listener) -> Callable[[], None]:
    """Home Assistant says once more that it is there: the bridge may have come back after the first time."""
    return lambda: listener.say("homeassistant/status", "online")


def test_ctrl_c_says_goodbye(bell: Doorbell, listener: Listener) -> None:
    heard = listener.catch_up()
    assert bell.stop() == 0
    listener.expect_that(is_goodbye, "of a goodbye", after=heard)
    assert is_goodbye(listener.on("doorbell/availability")[-1])


def is_goodbye(heard: Heard) -> bool:
    """Answers to Home Assistant's births may come before it."""
    return heard.topic == "doorbell/availability" and heard.payload == b"offline"
