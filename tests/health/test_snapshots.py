from datetime import UTC, datetime, timedelta

import pytest
import redis
from pytest_django import Settings

from doorbell_site.celery import health_schedule
from health.assessment import Assessment
from health.checkup import CHECKS
from health.findings import run_checks
from health.models import HealthSnapshot
from health.score import score_of
from health.snapshots import snapshot_of, take_snapshot, thin_snapshots
from health.tasks import snapshot_health, thin_health
from pipeline.config import OrchestratorConfig
from tests.health.conftest import FactsMaker

NOW = datetime(2031, 5, 20, 12, 0, 30, tzinfo=UTC)


def keep(age: timedelta, score: float = 1.0) -> HealthSnapshot:
    return HealthSnapshot.objects.create(taken_at=NOW - age, state="ok", score=score)


@pytest.mark.django_db
def test_a_snapshot_holds_facts_findings_and_the_parts_of_the_score(
    well: FactsMaker, config: OrchestratorConfig
) -> None:
    facts = well(workers={"detection": 1, "recognition": 2, "events": 1})
    assessment = Assessment(facts, tuple(run_checks(CHECKS, facts, config)), score_of(facts, config))
    snapshot_of(assessment).save()
    kept = HealthSnapshot.objects.get()
    assert (kept.state, kept.score, kept.parts["workers"]) == ("warning", 0.65, 0.5)
    assert [finding["check"] for finding in kept.findings] == ["worker detection"]
    assert kept.queues == {
        "detection": {"length": 0, "oldest_s": None},
        "recognition": {"length": 0, "oldest_s": None},
        "events": {"length": 1, "oldest_s": 0.1},
    }
    assert (kept.cpu_percent, kept.disk_free_mb, kept.press_p95_ms) == (30.0, 20_000, 900.0)
    assert [camera["name"] for camera in kept.cameras or []] == ["front door"]


@pytest.mark.django_db
def test_the_scheduler_takes_snapshots_of_the_true_system(broker: redis.Redis) -> None:
    snapshot_health()
    kept = HealthSnapshot.objects.get()
    assert kept.state == "error", "no worker is alive"
    assert set((kept.workers or {"x": 1}).values()) == {0}


@pytest.mark.django_db
def test_a_snapshot_is_taken_without_a_broker_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> redis.Redis:
        raise redis.ConnectionError("refused")

    monkeypatch.setattr("health.measuring.redis_client", refuse)
    take_snapshot()
    kept = HealthSnapshot.objects.get()
    assert (kept.state, kept.parts["broker"], kept.workers) == ("error", 0.0, None)


@pytest.mark.django_db
def test_every_snapshot_of_the_last_day_is_kept() -> None:
    for minutes in range(60):
        keep(timedelta(minutes=minutes))
    assert thin_snapshots(NOW) == 0


@pytest.mark.django_db
def test_of_older_ones_the_worst_of_each_span_is_kept() -> None:
    span = timedelta(days=2)
    worst = keep(span + timedelta(minutes=3), score=0.2)
    for minutes in (1, 2, 4, 5, 6, 7):
        keep(span + timedelta(minutes=minutes), score=0.9)
    assert thin_snapshots(NOW) > 0
    left = list(HealthSnapshot.objects.filter(taken_at__gte=worst.taken_at - timedelta(minutes=9)))
    assert worst in left
    assert len(left) <= 2, "ten minutes a span, whose borders may lie between"


@pytest.mark.django_db
def test_of_the_oldest_one_an_hour_is_kept_and_thinning_again_changes_nothing() -> None:
    base = datetime(2031, 5, 1, 8, 0, tzinfo=UTC)
    for minutes in range(0, 120, 5):
        HealthSnapshot.objects.create(taken_at=base + timedelta(minutes=minutes), state="ok", score=1.0)
    assert thin_snapshots(NOW) == 22
    assert thin_snapshots(NOW) == 0
    assert HealthSnapshot.objects.count() == 2


@pytest.mark.django_db
def test_snapshots_older_than_configured_are_forgotten(settings: Settings) -> None:
    settings.DOORBELL = OrchestratorConfig.from_dict(
        {"pipeline_config": {"monitoring": {"snapshot_keep_days": 30}}}, environ={}
    )
    keep(timedelta(days=31))
    kept = keep(timedelta(days=29))
    thin_snapshots(NOW)
    assert list(HealthSnapshot.objects.all()) == [kept]


@pytest.mark.django_db
@pytest.mark.parametrize("days", [1, 3, 7])
def test_keeping_for_a_short_time_needs_no_coarser_span(settings: Settings, days: int) -> None:
    settings.DOORBELL = OrchestratorConfig.from_dict(
        {"pipeline_config": {"monitoring": {"snapshot_keep_days": days}}}, environ={}
    )
    keep(timedelta(hours=2))
    keep(timedelta(days=days, minutes=1))
    assert thin_snapshots(NOW) == 1


@pytest.mark.django_db
def test_the_hourly_task_thins() -> None:
    HealthSnapshot.objects.create(taken_at=datetime(2001, 1, 1, tzinfo=UTC), state="ok", score=1.0)
    thin_health()
    assert not HealthSnapshot.objects.exists()


def test_the_schedule_follows_the_configuration() -> None:
    schedule = health_schedule(OrchestratorConfig(metrics_collection_interval=15))
    assert schedule["snapshot health"]["schedule"] == 15.0
    off = OrchestratorConfig.from_dict({"pipeline_config": {"monitoring": {"enabled": False}}}, environ={})
    assert health_schedule(off) == {}
