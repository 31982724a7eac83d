"""/metrics: the same facts for a Prometheus server, in its text format.

Several processes serve one doorbell: every figure comes from rows or from Redis, none from a process's memory.
"""

from collections.abc import Iterable, Iterator

import redis
from django.db.models import Count
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from events import measurements
from events.notifications.models import Notification
from health.assessment import Assessment, assess
from health.checkup.processes import watched_cameras
from health.models import RecoveryAttempt

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def metrics_text() -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Doorbell(assess()))
    return generate_latest(registry)


class Doorbell(Collector):
    """What could not be measured is absent."""

    def __init__(self, assessment: Assessment) -> None:
        self._assessment = assessment

    def collect(self) -> Iterable[Metric]:
        yield from _verdict(self._assessment)
        yield from _machine(self._assessment)
        yield from _flow(self._assessment)
        yield from _cameras(self._assessment)
        if "broker_ms" not in self._assessment.facts.unmeasured:
            yield from _measured()
        if "database_ms" not in self._assessment.facts.unmeasured:
            yield from _counted()


def _verdict(assessment: Assessment) -> Iterator[Metric]:
    yield GaugeMetricFamily("doorbell_health_score", "0 to 1; 1 is well.", assessment.score.value)
    parts = GaugeMetricFamily("doorbell_health_part", "Parts of the score, 0 to 1.", labels=["part"])
    for part, value in assessment.score.parts.items():
        if value is not None:
            parts.add_metric([part], value)
    yield parts
    checks = GaugeMetricFamily("doorbell_check", "0 ok, 1 warning, 2 error.", labels=["check"])
    for check, severity in _worst_by_check(assessment).items():
        checks.add_metric([check], severity)
    yield checks


def _worst_by_check(assessment: Assessment) -> dict[str, int]:
    """A check may find several things; Prometheus takes one value."""
    worst: dict[str, int] = {}
    for finding in assessment.findings:
        worst[finding.check] = max(worst.get(finding.check, 0), finding.level.severity)
    return worst


def _machine(assessment: Assessment) -> Iterator[Metric]:
    facts = assessment.facts
    gauges = {
        "doorbell_cpu_percent": ("Processor time in use.", facts.cpu_percent),
        "doorbell_memory_percent": ("Memory in use.", facts.memory_percent),
        "doorbell_temperature_celsius": ("Of the processor.", facts.temperature_c),
        "doorbell_disk_free_bytes": ("Of the fullest disk.", facts.disk.free_mb * 1024**2 if facts.disk else None),
        "doorbell_broker_ping_seconds": ("", facts.broker_ms and facts.broker_ms / 1000),
        "doorbell_database_ping_seconds": ("", facts.database_ms and facts.database_ms / 1000),
    }
    for name, (meaning, value) in gauges.items():
        if value is not None:
            yield GaugeMetricFamily(name, meaning, value)


def _flow(assessment: Assessment) -> Iterator[Metric]:
    facts = assessment.facts
    messages = GaugeMetricFamily("doorbell_queue_messages", "Waiting for a worker.", labels=["queue"])
    oldest = GaugeMetricFamily("doorbell_queue_oldest_seconds", "How long the oldest waits.", labels=["queue"])
    for name, queue in (facts.queues or {}).items():
        if queue.length is not None:
            messages.add_metric([name], queue.length)
        oldest.add_metric([name], queue.oldest_s or 0.0)
    workers = GaugeMetricFamily("doorbell_workers", "Alive, by the queue they serve.", labels=["queue"])
    for name, number in (facts.workers or {}).items():
        workers.add_metric([name], number)
    yield from (messages, oldest, workers)
    if facts.stuck is not None:
        yield GaugeMetricFamily("doorbell_stuck_rows", "", facts.stuck.captures + facts.stuck.events)


def _cameras(assessment: Assessment) -> Iterator[Metric]:
    live = GaugeMetricFamily("doorbell_camera_live", "1 while it gives frames.", labels=["camera"])
    fps = GaugeMetricFamily("doorbell_camera_fps", "Frames a second that are looked at.", labels=["camera"])
    frames = CounterMetricFamily("doorbell_camera_frames", "Since its process started.", labels=["camera"])
    skipped = CounterMetricFamily("doorbell_camera_skipped", "Frames too late or given way.", labels=["camera"])
    for camera in watched_cameras(assessment.facts):
        live.add_metric([camera.name], camera.is_live)
        for family, value in ((fps, camera.fps), (frames, camera.frames), (skipped, camera.skipped)):
            if value is not None:
                family.add_metric([camera.name], value)
    yield from (live, fps, frames, skipped)


def _measured() -> Iterator[Metric]:
    """From Redis; it may go away in the middle."""
    seconds = HistogramMetricFamily("doorbell_stage_seconds", "How long each stage took.", labels=["stage"])
    failed = CounterMetricFamily("doorbell_stage_failures", "Runs of a stage that failed.", labels=["stage"])
    visits = CounterMetricFamily("doorbell_visits", "Visits settled.", labels=["trigger", "outcome"])
    try:
        for stage in measurements.STAGES:
            found = measurements.histogram(stage)
            seconds.add_metric([stage], _cumulative(found), found.sum_s)
            failed.add_metric([stage], found.failed)
        for (trigger, outcome), count in measurements.visits().items():
            visits.add_metric([trigger, outcome], count)
    except redis.RedisError:
        return
    yield from (seconds, failed, visits)


def _cumulative(found: measurements.Histogram) -> list[tuple[str, float]]:
    limits = [*(str(limit) for limit in measurements.BUCKETS_S), "+Inf"]
    return [(limit, sum(found.counts[: index + 1])) for index, limit in enumerate(limits)]


def _counted() -> Iterator[Metric]:
    restarts = CounterMetricFamily("doorbell_restarts", "Recovery attempts.", labels=["process", "result"])
    for process, result, count in (
        RecoveryAttempt.objects.values_list("process", "result").annotate(Count("pk")).order_by()
    ):
        restarts.add_metric([process, result], count)
    told = GaugeMetricFamily(
        "doorbell_notifications", "Rows kept, by what became of them.", labels=["channel", "status"]
    )
    rows = Notification.objects.values_list("channel__name", "status").annotate(Count("pk")).order_by()
    for channel, status, count in rows:
        told.add_metric([channel, status], count)
    yield from (restarts, told)
