"""manage.py run_mqtt refuses what cannot run; tests/system follows it when it does."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from doorbell_site.management.commands.run_mqtt import read_health


def test_without_a_broker_there_is_nothing_to_run(settings: Settings) -> None:
    settings.MQTT_URL = ""
    with pytest.raises(CommandError, match=r"MQTT_URL is not set; docs/home-assistant\.md shows a set-up") as caught:
        call_command("run_mqtt")
    assert caught.value.returncode == 2


def test_an_address_that_is_none_is_refused(settings: Settings) -> None:
    settings.MQTT_URL = "http://broker"
    with pytest.raises(CommandError, match=r"MQTT_URL starts with 'http'") as caught:
        call_command("run_mqtt")
    assert caught.value.returncode == 2


@pytest.mark.django_db
def test_errors_of_the_health_checks_are_the_problems() -> None:
    """No Redis is there in this test."""
    health = read_health()
    assert [text for text in health.problems if "Redis" in text]
    assert 0.0 <= health.score <= 1.0
