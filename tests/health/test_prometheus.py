import pytest
import redis
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from rest_framework.test import APIClient

from events import measurements
from events.models import Camera, Event, Outcome, Trigger
from events.notifications.models import Notification, NotificationChannel, NotificationStatus, Step
from health import measuring
from health.models import RecoveryAttempt, RecoveryResult
from health.prometheus import metrics_text
from pipeline.camera_figures import CameraFigures, tell_figures
from pipeline.heartbeat import worker_key

pytestmark = pytest.mark.django_db

Sample = tuple[str, tuple[tuple[str, str], ...]]


def scraped() -> dict[Sample, float]:
    families = text_string_to_metric_families(metrics_text().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def busy(broker: redis.Redis) -> None:
    """A doorbell that has done a little of everything."""
    broker.set(worker_key("detection"), 1)
    broker.lpush("doorbell:recognition", "one", "two", "three")
    camera = Camera.objects.create(name='the "front" door', source="0", state="live")
    tell_figures(camera, CameraFigures(fps=9.5, frames=950, skipped=4, motion_events=0, press_events=0, captures=0))
    for seconds in (0.02, 0.2, 60.0):
        measurements.observe(measurements.DETECTION, seconds)
    measurements.count_failure(measurements.DETECTION)
    for outcome in (Outcome.KNOWN, Outcome.KNOWN, Outcome.UNKNOWN):
        measurements.count_visit(Event(trigger=Trigger.MOTION, outcome=outcome))
    RecoveryAttempt.objects.create(process="web server", cause="signal 9", result=RecoveryResult.RECOVERED)
    channel = NotificationChannel.objects.create(name="phone", kind="log", sealed_config="")
    Notification.objects.create(channel=channel, step=Step.SYSTEM, status=NotificationStatus.FAILED)


def test_every_figure_comes_from_rows_or_redis(busy: None) -> None:
    found = scraped()
    camera, stage = (("camera", 'the "front" door'),), (("stage", "detection"),)
    assert found["doorbell_workers", (("queue", "detection"),)] == 1.0
    assert found["doorbell_queue_messages", (("queue", "recognition"),)] == 3.0
    assert found["doorbell_camera_fps", camera] == 9.5
    assert found["doorbell_camera_frames_total", camera] == 950.0
    assert found["doorbell_camera_skipped_total", camera] == 4.0
    assert found["doorbell_camera_live", camera] == 0.0
    assert found["doorbell_visits_total", (("outcome", "known"), ("trigger", "motion"))] == 2.0
    assert found["doorbell_stage_failures_total", stage] == 1.0
    assert found["doorbell_restarts_total", (("process", "web server"), ("result", "recovered"))] == 1.0
    assert found["doorbell_notifications", (("channel", "phone"), ("status", "failed"))] == 1.0
    assert found["doorbell_health_part", (("part", "broker"),)] == 1.0
    assert found["doorbell_check", (("check", "worker events"),)] == 2.0


def test_stage_latencies_are_a_cumulative_histogram(busy: None) -> None:
    found = scraped()
    counts = {
        dict(labels)["le"]: value
        for (name, labels), value in found.items()
        if name == "doorbell_stage_seconds_bucket" and ("stage", "detection") in labels
    }
    assert (counts["0.01"], counts["0.025"], counts["0.25"], counts["30.0"], counts["+Inf"]) == (0, 1, 2, 2, 3)
    assert found["doorbell_stage_seconds_count", (("stage", "detection"),)] == 3.0
    assert found["doorbell_stage_seconds_sum", (("stage", "detection"),)] == pytest.approx(60.22)


def test_without_a_broker_what_lies_there_is_absent_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> redis.Redis:
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(measuring, "redis_client", refuse)
    found = scraped()
    assert found["doorbell_health_part", (("part", "broker"),)] == 0.0
    assert not [name for name, _ in found if name.startswith(("doorbell_stage", "doorbell_queue", "doorbell_workers"))]


def test_metrics_are_not_for_everybody(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"


def test_people_and_programs_that_may_sign_in_read_metrics(web: Client, api: APIClient) -> None:
    for reader in (web, api):
        answer = reader.get("/metrics", HTTP_ACCEPT="application/openmetrics-text;version=1.0.0")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        assert b"doorbell_health_score" in answer.content


def test_the_metrics_token_reads_metrics_and_nothing_else(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "a long random token"
    bearer = {"Authorization": "Bearer a long random token"}
    assert client.get("/metrics", headers=bearer).status_code == 200
    assert client.get("/api/health/", headers=bearer).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer guess"}).status_code == 401


def test_without_a_metrics_token_no_bearer_is_taken(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 401
