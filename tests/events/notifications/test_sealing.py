"""Secrets are in the database only sealed, and in no text that anybody reads."""

import logging

import pytest
from django.db import connection
from pytest_django import Settings

from events.models import Outcome
from events.notifications.models import NotificationChannel
from events.notifications.outbox import visit_decided
from events.notifications.sealing import ConfigUnreadable, redact, seal, unseal
from tests.events.notifications.conftest import SECRET, MakeChannel, MakeVisit, Work


def test_what_is_sealed_comes_back_and_cannot_be_read_in_between() -> None:
    sealed = seal({"bot_token": "123:secret"})
    assert "secret" not in sealed
    assert sealed != seal({"bot_token": "123:secret"})
    assert unseal(sealed) == {"bot_token": "123:secret"}


def test_another_key_opens_nothing_and_says_what_to_do(settings: Settings) -> None:
    sealed = seal({"a": 1})
    settings.NOTIFY_SECRET_KEY = "another"
    with pytest.raises(ConfigUnreadable) as error:
        unseal(sealed)
    assert "enter the settings again" in str(error.value)


def test_a_tampered_seal_is_noticed() -> None:
    sealed = seal({"a": 1})
    with pytest.raises(ConfigUnreadable):
        unseal(sealed[:-6] + "AAAAA=")


def test_redaction_covers_the_longest_first_and_leaves_short_words_alone() -> None:
    assert redact("token abcdef at abc", ("abc", "abcdef")) == "token •••• at abc"


def test_the_database_holds_no_secret_in_clear(webhook: NotificationChannel) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM events_notificationchannel")
        assert SECRET not in str(cursor.fetchall())


def test_no_log_and_no_error_shows_a_secret(
    make_channel: MakeChannel, make_visit: MakeVisit, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    make_channel("apprise", {"url": "json://user:hunter2hunter2@127.0.0.1:9/very-secret-path"})
    make_channel("ntfy", {"url": "http://127.0.0.1:9/secret-topic", "token": "tk_secretsecret"})
    make_channel("webhook", {"url": "http://127.0.0.1:9/hook-secret", "secret": SECRET})
    with caplog.at_level(logging.DEBUG, "events"):
        event = make_visit(Outcome.UNKNOWN, unknown=1)
        visit_decided(event)
        work()
    errors = " ".join(event.notifications.values_list("error", flat=True))
    ours = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("events"))
    for secret in ("hunter2", "secret-path", "secret-topic", "tk_secret", "hook-secret", SECRET):
        assert secret not in errors + ours
    assert event.notifications.filter(status="waiting").count() == 3
