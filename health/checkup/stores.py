"""Broker, database, disk and clock: what everything stands on."""

from collections.abc import Iterable

from health.facts import Facts
from health.findings import Finding, Level
from pipeline.config import OrchestratorConfig

SLOW_ANSWER_MS = 200.0
CLOCK_TOLERANCE_S = 5.0


def broker(facts: Facts, _config: OrchestratorConfig) -> Iterable[Finding]:
    yield _answer("broker", "Redis", facts.broker_ms or 0.0)


def database(facts: Facts, _config: OrchestratorConfig) -> Iterable[Finding]:
    yield _answer("database", "The database", facts.database_ms or 0.0)


def _answer(check: str, who: str, took_ms: float) -> Finding:
    text = f"{who} answers in {took_ms:.1f} ms."
    if took_ms <= SLOW_ANSWER_MS:
        return Finding(check, Level.OK, text)
    return Finding(check, Level.WARNING, text, "Look for what else keeps the machine or its disk busy.")


def disk(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    if (found := facts.disk) is None:
        return
    least = config.pipeline_config.storage.min_free_mb
    text = f"{found.free_mb:,} MB of {found.total_mb:,} MB are free."
    remedy = "Delete old visits, set KEEP_IMAGES_DAYS, or give the doorbell a larger disk."
    if found.free_mb < least:
        yield Finding("disk", Level.ERROR, f"{text} Motion takes no more pictures.", remedy)
    elif found.free_mb < 2 * least:
        yield Finding("disk", Level.WARNING, f"{text} Below {least:,} MB motion takes no more pictures.", remedy)
    else:
        yield Finding("disk", Level.OK, text)


def clock(facts: Facts, _config: OrchestratorConfig) -> Iterable[Finding]:
    if (found := facts.clock) is None:
        return
    set_it = "Switch time synchronisation on: `sudo timedatectl set-ntp true`."
    if found.ahead_s > CLOCK_TOLERANCE_S:
        text = f"The newest visit lies {found.ahead_s:.0f} s in the future: the clock was set back."
        yield Finding("clock", Level.ERROR, text, set_it)
    elif found.is_synchronised is False:
        yield Finding("clock", Level.WARNING, "Nothing keeps the clock right: times of visits may be wrong.", set_it)
    else:
        yield Finding("clock", Level.OK, "The clock is right, as far as can be told.")
