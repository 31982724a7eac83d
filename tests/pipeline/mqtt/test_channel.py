"""MQTT as a channel of the notification rules, on a real broker."""

import pytest
from pytest_django import Settings

from events.notifications.channels import KINDS, create_channel, describe, open_channel
from events.notifications.channels.base import DeliveryError, InvalidConfig
from events.notifications.composing import compose_test
from events.notifications.delivery import deliver_notification
from events.notifications.models import Notification, NotificationChannel, NotificationRule, NotificationStatus
from events.notifications.outbox import visit_decided
from faces.models import Person
from pipeline.mqtt.channel import KIND
from tests.conftest import Portraits
from tests.pipeline.mqtt.brokers import PASSWORD, USER, Listener, Mosquitto
from tests.seeding import HOPPER_BOX, add_capture, add_event, add_face


def url_of(mosquitto: Mosquitto) -> str:
    return f"mqtt://127.0.0.1:{mosquitto.port}"


def channel_to(url: str, topic: str = "") -> NotificationChannel:
    return create_channel("The broker", KIND, {"url": url, "topic": topic})


def test_the_pipeline_adds_it_to_the_kinds_of_channels() -> None:
    assert KINDS["mqtt"] is KIND


@pytest.mark.django_db
def test_a_message_of_the_rules_is_json_on_a_topic(
    mosquitto: Mosquitto, listener: Listener, portraits: Portraits
) -> None:
    channel = channel_to(url_of(mosquitto), "home/alerts")
    NotificationRule.objects.create(name="All", channel_ids=[channel.pk], priority="urgent")
    event = add_event()
    add_face(add_capture(event, portraits.grace_hopper), HOPPER_BOX, Person.objects.create(name="Grace Hopper"))
    visit_decided(event)
    deliver_notification(Notification.objects.get(channel=channel).pk)
    heard = listener.expect("home/alerts")
    assert not heard.is_retained
    said = heard.json
    assert (said["type"], said["title"], said["priority"]) == (
        "visit.decided",
        "Grace Hopper is at the door",
        "urgent",
    )
    assert said["event"]["id"] == event.pk
    assert Notification.objects.get(channel=channel).status == NotificationStatus.SENT


@pytest.mark.django_db
def test_without_an_address_it_takes_the_doorbell_s_broker(
    mosquitto: Mosquitto, listener: Listener, settings: Settings
) -> None:
    settings.MQTT_URL, settings.MQTT_TOPIC = url_of(mosquitto), "home/bell"
    channel = channel_to("")
    open_channel(channel).send(compose_test(channel))
    assert listener.expect("home/bell/message").json["title"] == "The doorbell can reach you"
    assert describe(channel) == f"home/bell/message on mqtt://127.0.0.1:{mosquitto.port}"


@pytest.mark.django_db
def test_a_broker_that_is_away_is_a_passing_failure(mosquitto: Mosquitto) -> None:
    channel = channel_to(url_of(mosquitto))
    mosquitto.kill()
    with pytest.raises(DeliveryError, match=r"cannot be reached: .*Connection refused") as caught:
        open_channel(channel).send(compose_test(channel))
    assert not caught.value.permanent


@pytest.mark.django_db
def test_a_wrong_password_is_a_failure_for_good(tmp_path_factory: pytest.TempPathFactory) -> None:
    locked = Mosquitto(tmp_path_factory.mktemp("locked"), has_password=True)
    locked.start()
    channel = channel_to(f"mqtt://{USER}:wrong@127.0.0.1:{locked.port}")
    try:
        with pytest.raises(DeliveryError, match="refused the connection: not authorized") as caught:
            open_channel(channel).send(compose_test(channel))
    finally:
        locked.kill()
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("config", "field", "text"),
    [
        ({}, "url", "Name a broker here, or set MQTT_URL for the whole doorbell."),
        ({"url": "http://broker"}, "url", "The address starts with 'http'; write mqtt://"),
        ({"url": "mqtt://broker", "topic": "a/#"}, "topic", "The topic is 'a/#'; + # control characters"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_by_their_field(
    settings: Settings, config: dict[str, str], field: str, text: str
) -> None:
    settings.MQTT_URL = ""
    with pytest.raises(InvalidConfig) as caught:
        KIND.open(config)
    assert caught.value.field == field
    assert str(caught.value).startswith(text)


def test_its_password_is_a_secret() -> None:
    config = {"url": "mqtt://me:p%40ss%3Aword%2F1@broker"}
    assert PASSWORD in KIND.secrets(config)
    assert "p%40ss" not in KIND.describe(config)
    assert "me" not in KIND.describe(config).split()
