"""`manage.py notify`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from events.notifications.models import NotificationChannel
from tests.events.notifications.sinks import HttpSink, Reply


def notify(*words: str) -> str:
    output = StringIO()
    call_command("notify", *words, stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_without_channels_it_says_where_to_add_one() -> None:
    assert notify() == "No channel is set up; the page /notifications/ adds one.\n"


def test_it_lists_the_channels_without_their_secrets(webhook: NotificationChannel, sink: HttpSink) -> None:
    host = sink.url.removeprefix("http://")
    assert notify() == f"{webhook.pk}  webhook 1  (Webhook: {host})\n"


@pytest.mark.parametrize("by", ["name", "number"])
def test_it_sends_a_test_message(webhook: NotificationChannel, sink: HttpSink, by: str) -> None:
    assert notify("--test", "WEBHOOK 1" if by == "name" else str(webhook.pk)) == (
        "A test message went out by webhook 1.\n"
    )
    assert sink.calls[0].json["type"] == "system"


def test_a_failed_test_is_an_error_with_the_reason(webhook: NotificationChannel, sink: HttpSink) -> None:
    sink.answer(Reply(410))
    with pytest.raises(CommandError, match=r"webhook 1 did not take the test message: .* answered 410"):
        notify("--test", "webhook 1")


def test_an_unknown_channel_names_those_there_are(webhook: NotificationChannel) -> None:
    with pytest.raises(CommandError, match="there is no channel 'pigeon'; there is 'webhook 1'"):
        notify("--test", "pigeon")
