"""Snapshots of how the doorbell was: taken, kept for a set time, thinned as they age."""

from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from health.assessment import Assessment, assess
from health.findings import Level
from health.models import HealthSnapshot
from pipeline.configured import current_config

# (older than, one in): every snapshot of the last day, one in ten minutes of the last week, then one an hour.
TIERS = (
    (timedelta(days=1), timedelta(minutes=10)),
    (timedelta(days=7), timedelta(hours=1)),
)
DELETED_AT_ONCE = 500


def take_snapshot(now: datetime | None = None) -> Assessment:
    """Measure, judge and keep. Raises django.db.DatabaseError."""
    assessment = assess(now=now)
    snapshot_of(assessment).save()
    return assessment


def snapshot_of(assessment: Assessment) -> HealthSnapshot:
    facts, presses = assessment.facts, assessment.facts.presses
    return HealthSnapshot(
        taken_at=facts.at,
        state=assessment.state,
        score=assessment.score.value,
        parts=dict(assessment.score.parts),
        findings=[finding.as_dict() for finding in assessment.findings if finding.level != Level.OK],
        cpu_percent=facts.cpu_percent,
        memory_percent=facts.memory_percent,
        temperature_c=facts.temperature_c,
        disk_free_mb=facts.disk.free_mb if facts.disk else None,
        queues=None if facts.queues is None else {name: asdict(queue) for name, queue in facts.queues.items()},
        workers=None if facts.workers is None else dict(facts.workers),
        cameras=None if facts.cameras is None else [asdict(camera) for camera in facts.cameras],
        events_per_minute=facts.events_per_minute,
        failures_per_minute=facts.failures_per_minute,
        press_p50_ms=presses.p50_ms if presses else None,
        press_p95_ms=presses.p95_ms if presses else None,
    )


def thin_snapshots(now: datetime | None = None) -> int:
    """Forget the oldest, and of the older ones keep the worst of every span. Return how many were deleted."""
    now = now or timezone.now()
    kept_for = timedelta(days=current_config().pipeline_config.monitoring.snapshot_keep_days)
    deleted, _ = HealthSnapshot.objects.filter(taken_at__lt=now - kept_for).delete()
    ends = [*TIERS, (kept_for, timedelta())]
    for (age, span), (next_age, _) in pairwise(ends):
        deleted += _thin(now - next_age, now - age, span)
    return deleted


def _thin(since: datetime, until: datetime, span: timedelta) -> int:
    """A trouble that lasted a minute must be seen a month later: of every span the lowest score stays."""
    rows = HealthSnapshot.objects.filter(taken_at__gte=since, taken_at__lt=until)
    best: dict[int, tuple[float, int]] = {}
    surplus: list[int] = []
    for pk, taken_at, score in rows.order_by("taken_at").values_list("pk", "taken_at", "score").iterator():
        place = int(taken_at.timestamp() // span.total_seconds())
        held = best.get(place)
        if held is None or score < held[0]:
            best[place] = (score, pk)
            surplus += [held[1]] if held else []
        else:
            surplus.append(pk)
    for start in range(0, len(surplus), DELETED_AT_ONCE):
        HealthSnapshot.objects.filter(pk__in=surplus[start : start + DELETED_AT_ONCE]).delete()
    return len(surplus)
