"""What a worker does around each of its tasks."""

import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]
from django.db import DatabaseError, connection

from doorbell_site.celery import app
from events.tasks import decide

pytestmark = pytest.mark.django_db(transaction=True)


def begin_task() -> None:
    """As a worker does."""
    signals.task_prerun.send(sender=decide, task=decide, task_id="1", args=(1,), kwargs={})


def test_a_task_finds_the_connection_that_the_one_before_left() -> None:
    fixup = DjangoWorkerFixup(app)
    connection.ensure_connection()
    opened = connection.connection
    fixup.close_database()
    begin_task()
    assert connection.connection is opened


def test_a_connection_on_which_something_failed_is_opened_anew() -> None:
    connection.ensure_connection()
    opened = connection.connection
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")
    begin_task()
    connection.ensure_connection()
    assert connection.connection is not opened


def test_a_connection_whose_server_went_away_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    opened = connection.connection
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    begin_task()
    monkeypatch.undo()
    connection.ensure_connection()
    assert connection.connection is not opened
