"""Mistakes in the settings are told before anything starts."""

from pathlib import Path

import pytest
from pytest_django import Settings

from pipeline.checks import check_chime, check_mqtt


def test_without_a_broker_there_is_nothing_to_check(settings: Settings) -> None:
    settings.MQTT_URL = ""
    settings.MQTT_TOPIC = "#"
    assert check_mqtt() == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("MQTT_URL", "broker:1883", "MQTT_URL starts with 'broker'; write mqtt://"),
        ("MQTT_TOPIC", "bell/", "MQTT_TOPIC is 'bell/'; use 1 to 200 bytes"),
        ("MQTT_DISCOVERY_PREFIX", "home/+", "MQTT_DISCOVERY_PREFIX is 'home/+'; "),
        ("MQTT_RING_TOPIC", "zigbee2mqtt/#", "MQTT_RING_TOPIC is 'zigbee2mqtt/#'; "),
        ("MQTT_RING_TOPIC", "doorbell/press", "MQTT_RING_TOPIC is 'doorbell/press', one of the doorbell's own; "),
    ],
)
def test_a_wrong_setting_is_an_error_with_a_hint(settings: Settings, name: str, value: str, text: str) -> None:
    settings.MQTT_URL = "mqtt://broker"
    setattr(settings, name, value)
    (message,) = check_mqtt()
    assert message.id == "doorbell.E101"
    assert message.msg.startswith(text)
    assert message.hint == (
        "Correct it, or leave MQTT_URL empty to run without MQTT; docs/home-assistant.md shows a set-up."
    )


def test_a_ca_file_that_is_not_there_is_a_warning(settings: Settings) -> None:
    settings.MQTT_URL, settings.MQTT_CA_FILE = "mqtts://broker", "/nonexistent/ca.pem"
    (message,) = check_mqtt()
    assert message.id == "doorbell.W101"


def test_settings_that_work_are_silent(settings: Settings) -> None:
    settings.MQTT_URL, settings.MQTT_RING_TOPIC = "mqtts://me:secret@broker", "/zigbee2mqtt/bell"
    assert check_mqtt() == []


def test_a_sound_that_cannot_be_played_is_a_warning(settings: Settings, tmp_path: Path) -> None:
    settings.CHIME_SOUND = str(tmp_path / "ding.wav")
    (message,) = check_chime()
    assert message.id == "doorbell.W102"
    settings.CHIME_SOUND = ""
    assert check_chime() == []
