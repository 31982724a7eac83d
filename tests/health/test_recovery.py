import pytest
from django.db import DatabaseError

from health.models import RecoveryAttempt, RecoveryResult
from health.recovery import INTERRUPTED, RecoveryJournal, close_interrupted

pytestmark = pytest.mark.django_db


def test_an_attempt_is_written_when_it_begins_and_when_it_ends() -> None:
    journal = RecoveryJournal()
    journal.began("events worker", "ended with exit code 1", 2)
    journal.write()
    attempt = RecoveryAttempt.objects.get()
    assert (attempt.number, attempt.result, attempt.ended_at) == (2, "running", None)
    journal.ended("events worker", RecoveryResult.RECOVERED, "it works again")
    journal.write()
    attempt.refresh_from_db()
    assert (attempt.result, attempt.detail) == ("recovered", "it works again")
    assert attempt.ended_at is not None


def test_a_next_attempt_is_the_failure_of_the_one_before() -> None:
    journal = RecoveryJournal()
    journal.began("broker", "x" * 400, 1)
    journal.began("broker", "y", 2)
    journal.write()
    assert list(RecoveryAttempt.objects.order_by("pk").values_list("result", flat=True)) == ["failed", "running"]
    assert journal.open_processes == ["broker"]


def test_what_the_database_refuses_is_kept_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = RecoveryJournal()
    journal.began("broker", "it was killed", 1)

    def refuse(_attempt: RecoveryAttempt) -> None:
        raise DatabaseError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(RecoveryAttempt, "save", refuse)
        with pytest.raises(DatabaseError):
            journal.write()
    journal.ended("broker", RecoveryResult.RECOVERED)
    journal.write()
    assert RecoveryAttempt.objects.get().result == "recovered"


def test_ending_what_never_began_is_harmless() -> None:
    assert RecoveryJournal().ended("broker", RecoveryResult.RECOVERED) is None


def test_attempts_of_a_manager_that_was_killed_have_failed() -> None:
    RecoveryAttempt.objects.create(process="broker", cause="it was killed")
    close_interrupted()
    attempt = RecoveryAttempt.objects.get()
    assert (attempt.result, attempt.detail) == ("failed", INTERRUPTED)
