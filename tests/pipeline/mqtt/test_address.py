from pathlib import Path

import pytest

from pipeline.mqtt.address import BrokerAddress, InvalidMqttSetting, parse_broker_url
from pipeline.mqtt.topics import Topics, check_topic


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", BrokerAddress("broker", 1883)),
        ("mqtts://broker/", BrokerAddress("broker", 8883, is_tls=True)),
        (" mqtt://192.168.1.2:2883 ", BrokerAddress("192.168.1.2", 2883)),
        ("mqtt://[::1]:1883", BrokerAddress("::1", 1883)),
        ("mqtt://me:p%40ss%3Aw%2F%23d@broker", BrokerAddress("broker", 1883, "me", "p@ss:w/#d")),
    ],
)
def test_address_is_read_from_a_url(url: str, address: BrokerAddress) -> None:
    assert parse_broker_url(url) == address


@pytest.mark.parametrize(
    "url",
    [
        *("", "broker", "broker:1883", "http://broker", "mqtt://", "mqtt://:1883", "mqtt://broker:0"),
        *("mqtt://broker:70000", "mqtt://broker/topic", "mqtt://broker?x=1", "mqtt://bro ker"),
        *(f"mqtt://{'x' * 300}", f"mqtt://{'x' * 64}.de", "mqtt://me:a/b@broker", "mqtt://[::1"),
    ],
)
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(InvalidMqttSetting, match=r"^MQTT_URL .*write mqtt://user:password@host:1883 or mqtts://"):
        parse_broker_url(url)


@pytest.mark.parametrize("url", ["http://me:hush@broker", "mqtt://me:hush@broker:x", "mqtt://me:hu/sh@broker"])
def test_a_refusal_quotes_no_password(url: str) -> None:
    with pytest.raises(InvalidMqttSetting) as caught:
        parse_broker_url(url)
    assert "hu" not in str(caught.value)


def test_neither_text_nor_repr_shows_the_password() -> None:
    address = parse_broker_url("mqtts://me:secret@broker:8883")
    assert str(address) == "mqtts://broker:8883"
    assert repr(address) == "BrokerAddress(mqtts://broker:8883)"


def test_a_ca_file_that_is_none_is_an_error_that_names_it(tmp_path: Path) -> None:
    for file in (tmp_path / "absent.pem", tmp_path / "empty.pem"):
        if file.stem == "empty":
            file.touch()
        address = parse_broker_url("mqtts://broker", ca_file=str(file))
        with pytest.raises(InvalidMqttSetting, match=f"^the CA file {file} cannot be used: "):
            address.tls_context()


@pytest.mark.parametrize("topic", ["doorbell", "home/front door", "/zigbee2mqtt/Klingel am Tor", "türklingel"])
def test_a_topic_that_can_be_published_to_is_taken_as_it_is(topic: str) -> None:
    assert check_topic(topic, "MQTT_TOPIC") == topic


@pytest.mark.parametrize(
    "topic", ["", " ", "doorbell/", " doorbell", "home/+/bell", "home/#", "$SYS/bell", "a\nb", "a\0b", "x" * 201]
)
def test_a_topic_that_cannot_be_published_to_is_refused(topic: str) -> None:
    with pytest.raises(InvalidMqttSetting, match=r"^MQTT_TOPIC is "):
        check_topic(topic, "MQTT_TOPIC")


@pytest.mark.parametrize(
    ("base", "slug"),
    [("doorbell", "doorbell"), ("Home/Front door", "home_front_door"), ("/bell-2", "bell_2"), ("门铃", "b4c")],
)
def test_the_slug_is_an_identifier_of_home_assistant(base: str, slug: str) -> None:
    found = Topics(base).slug
    assert found.startswith(slug) or found.isalnum()
    assert found.isascii()


def test_two_doorbells_on_a_broker_have_two_client_ids_that_every_broker_takes() -> None:
    front, back = Topics("home/front").client_id, Topics("home/back").client_id
    assert front != back
    assert len(front) <= 23
    assert Topics("home/front").client_id == front
