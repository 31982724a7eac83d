"""The charts of the health page, from the snapshots of a span."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone

from health.charts import Chart, Series, Span, draw
from health.models import HealthSnapshot
from health.score import WARN_BELOW
from pipeline.config import OrchestratorConfig

SPANS = {"day": timedelta(days=1), "week": timedelta(days=7), "quarter": timedelta(days=90)}
READ = (
    "taken_at", "score", "press_p50_ms", "press_p95_ms", "queues", "cpu_percent", "memory_percent",
    "temperature_c", "disk_free_mb", "events_per_minute",
)  # fmt: skip

Rows = list[HealthSnapshot]


def charts(span_name: str, config: OrchestratorConfig) -> list[Chart]:
    """Those of which something was measured. Raises KeyError for a span that is not in SPANS."""
    now = timezone.now()
    span = Span(now - SPANS[span_name], now)
    rows = list(HealthSnapshot.objects.filter(taken_at__gte=span.since).order_by("taken_at").only(*READ))
    drawn = [_score(rows, span), *_work(rows, span, config), *_machine(rows, span, config)]
    return [chart for chart in drawn if chart is not None]


def _score(rows: Rows, span: Span) -> Chart | None:
    return draw("Score", [_series("score", rows, lambda row: row.score, min)], span, top=1.0, limit=WARN_BELOW)


def _work(rows: Rows, span: Span, config: OrchestratorConfig) -> Iterable[Chart | None]:
    presses = [
        _series("median", rows, lambda row: _scaled(row.press_p50_ms, 1000)),
        _series("95 %", rows, lambda row: _scaled(row.press_p95_ms, 1000)),
    ]
    slow_s = config.pipeline_config.monitoring.slow_press_seconds
    yield draw("From press to decision", presses, span, unit=" s", limit=slow_s)
    queues = [_series("longest queue", rows, _longest_queue)]
    yield draw("Waiting messages", queues, span, limit=config.queue_backlog_threshold)
    yield draw("Visits a minute", [_series("visits", rows, lambda row: row.events_per_minute)], span)


def _machine(rows: Rows, span: Span, config: OrchestratorConfig) -> Iterable[Chart | None]:
    load = [_series("processor", rows, lambda row: row.cpu_percent)]
    yield draw("Processor", load, span, unit=" %", top=100.0, limit=config.cpu_threshold)
    memory = [_series("memory", rows, lambda row: row.memory_percent)]
    yield draw("Memory", memory, span, unit=" %", top=100.0, limit=config.memory_threshold)
    yield draw("Temperature", [_series("processor", rows, lambda row: row.temperature_c)], span, unit=" °C", top=100.0)
    free = [_series("free", rows, lambda row: _scaled(row.disk_free_mb, 1024), min)]
    yield draw("Free disk", free, span, unit=" GB")


def _series(
    name: str,
    rows: Rows,
    read: Callable[[HealthSnapshot], float | None],
    pick: Callable[[Iterable[float]], float] = max,
) -> Series:
    read_rows = ((row.taken_at, read(row)) for row in rows)
    return Series(name, tuple((moment, float(value)) for moment, value in read_rows if value is not None), pick)


def _scaled(value: float | None, divisor: float) -> float | None:
    return None if value is None else value / divisor


def _longest_queue(row: HealthSnapshot) -> float | None:
    lengths = [queue["length"] for queue in (row.queues or {}).values() if queue["length"] is not None]
    return max(lengths, default=None)
