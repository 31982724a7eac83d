import pytest
import redis
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from health import readiness
from health.readiness import find_missing
from pipeline.queues import QUEUES


@pytest.fixture
def all_alive(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Redis that answers, with a worker on every queue: only the wire is replaced."""

    class Answering:
        def ping(self) -> bool:
            return True

    monkeypatch.setattr(readiness, "redis_client", Answering)
    monkeypatch.setattr(readiness, "live_workers", lambda: dict.fromkeys(QUEUES, 1))
    return monkeypatch


def codes() -> list[str]:
    return [missing.code for missing in find_missing()]


@pytest.mark.django_db
def test_nothing_is_missing_when_all_answer(all_alive: pytest.MonkeyPatch) -> None:
    assert codes() == []
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "missing": []})


@pytest.mark.django_db
def test_queue_without_a_worker_is_named(all_alive: pytest.MonkeyPatch) -> None:
    all_alive.setattr(readiness, "live_workers", lambda: {**dict.fromkeys(QUEUES, 1), "recognition": 0})
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "missing",
        "missing": [
            {
                "code": "recognition_worker",
                "detail": "No worker serves the queue recognition; `./doorbell run` starts one.",
            }
        ],
    }


@pytest.mark.django_db
def test_redis_that_is_away_takes_no_other_check_down(all_alive: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise redis.ConnectionError("redis://:secret@example refused")

    all_alive.setattr(readiness, "redis_client", refuse)
    all_alive.setattr(readiness, "live_workers", refuse)
    answer = Client().get("/readyz")
    assert [missing["code"] for missing in answer.json()["missing"]] == ["broker", "workers"]
    assert "secret" not in answer.content.decode()


@pytest.mark.django_db
def test_database_that_is_away_is_said(all_alive: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("could not connect")

    all_alive.setattr(connection, "cursor", refuse)
    assert codes()[0] == "database"


@pytest.mark.django_db
def test_database_of_an_older_program_is_said(all_alive: pytest.MonkeyPatch) -> None:
    all_alive.setattr(MigrationExecutor, "migration_plan", lambda *_: [("events", "0002")])
    assert codes() == ["migrations"]


@pytest.mark.django_db
def test_a_check_that_breaks_counts_as_missing_and_the_log_says_where(
    all_alive: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ValueError("nobody foresaw this")

    all_alive.setattr(readiness, "live_workers", broken)
    assert codes() == ["workers"]
    assert 'raise ValueError("nobody foresaw this")' in caplog.text


def test_healthz_asks_nothing_of_anybody(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
