import pytest
import redis
from django.test import Client
from rest_framework.test import APIClient

from pipeline.heartbeat import worker_key


@pytest.mark.django_db
def test_everything_is_told_to_who_may_sign_in(resident_api: APIClient, broker: redis.Redis) -> None:
    for queue in ("detection", "recognition"):
        broker.set(worker_key(queue), 1)
    body = resident_api.get("/api/health/").json()
    assert set(body) == {"state", "score", "parts", "warning", "checks", "facts"}
    assert body["state"] == "error"
    assert body["checks"][0] == {
        "check": "worker events",
        "level": "error",
        "text": "No worker serves the queue events.",
        "remedy": "`./doorbell run` starts it; the log says why one ended.",
    }
    assert body["parts"]["broker"] == 1.0
    assert body["facts"]["workers"]["detection"] == 1
    assert body["warning"].endswith("; workers pulls it down most")


@pytest.mark.django_db
def test_nothing_is_told_to_strangers(client: Client) -> None:
    assert client.get("/api/health/").status_code == 401


@pytest.mark.django_db
def test_no_password_is_told_when_something_is_away(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> redis.Redis:
        raise redis.ConnectionError("redis://:s3cret@example refused")

    monkeypatch.setattr("health.measuring.redis_client", refuse)
    answer = api.get("/api/health/")
    assert answer.json()["facts"]["unmeasured"]["broker_ms"] == "the broker does not answer"
    assert "s3cret" not in answer.content.decode()
