"""Whether what comes in also comes out, in time."""

from collections.abc import Iterable

from health.facts import Facts
from health.findings import Finding, Level
from pipeline.config import OrchestratorConfig

FAR_BEHIND = 10  # times the threshold
MANY_STUCK = 20
MORE_WORKERS = "Give the stage more workers (DETECTION_WORKERS, RECOGNITION_WORKERS), or a faster detector."


def backlog(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    threshold = config.queue_backlog_threshold
    for name, queue in (facts.queues or {}).items():
        length = queue.length or 0
        waits = "" if queue.oldest_s is None else f", the oldest for {queue.oldest_s:.0f} s"
        text = f"{length or 'No'} message{'' if length == 1 else 's'} in the queue {name}{waits}."
        level = Level.ERROR if length > FAR_BEHIND * threshold else Level.WARNING
        if length <= threshold:
            yield Finding(f"queue {name}", Level.OK, text)
        else:
            yield Finding(f"queue {name}", level, f"{text} {threshold} are usual at most.", MORE_WORKERS)


def stuck(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    if (found := facts.stuck) is None:
        return
    count, limit_s = found.captures + found.events, config.pipeline_config.monitoring.stuck_seconds
    if count == 0:
        yield Finding("stuck rows", Level.OK, "Nothing is stuck.")
        return
    text = f"{found.captures} captures and {found.events} events are unfinished after {limit_s:.0f} s."
    level = Level.ERROR if count > MANY_STUCK else Level.WARNING
    yield Finding("stuck rows", level, text, "They are sent again by themselves; if not, look at the workers' log.")


def failures(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    rate, limit = facts.failures_per_minute or 0.0, config.error_threshold_per_minute
    text = f"{rate:.1f} captures a minute could not be worked on."
    if rate > limit and config.alert_on_errors:
        yield Finding("failures", Level.WARNING, text, "The captures in the admin say what went wrong with each.")
    else:
        yield Finding("failures", Level.OK, text)


def presses(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    found = facts.presses
    if found is None or found.p95_ms is None:
        yield Finding("presses", Level.OK, "Nobody rang within the last hour.")
        return
    limit_s = config.pipeline_config.monitoring.slow_press_seconds
    text = f"Of {found.count} presses within the last hour, 95 % were decided within {found.p95_ms / 1000:.1f} s."
    if found.p95_ms > limit_s * 1000:
        yield Finding("presses", Level.WARNING, f"{text} {limit_s:g} s are usual at most.", MORE_WORKERS)
    else:
        yield Finding("presses", Level.OK, text)


def notifications(facts: Facts, _config: OrchestratorConfig) -> Iterable[Finding]:
    if (found := facts.notifications) is None:
        return
    text = f"Within 24 hours {found.sent} notifications were sent, {found.failed} failed, {found.waiting} wait."
    remedy = "The channel's page says what its service answered, and can send a test."
    if found.failing:
        yield Finding("notifications", Level.WARNING, f"{text} Failing now: {', '.join(found.failing)}.", remedy)
    elif found.failed:
        yield Finding("notifications", Level.WARNING, text, remedy)
    else:
        yield Finding("notifications", Level.OK, text)
