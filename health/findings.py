"""What a check says, and how checks are run."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeAlias

from health.facts import Facts
from pipeline.config import OrchestratorConfig

logger = logging.getLogger(__name__)


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"

    @property
    def severity(self) -> int:
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` is a sentence; `remedy` says what to do, and is empty when nothing is to be done."""

    check: str
    level: Level
    text: str
    remedy: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


Judge: TypeAlias = Callable[[Facts, OrchestratorConfig], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One fact, and who judges it. The judge is asked only when the fact was measured."""

    name: str
    fact: str
    judge: Judge


def run_checks(checks: Iterable[Check], facts: Facts, config: OrchestratorConfig) -> list[Finding]:
    """What every check found, the worst first."""
    found = [finding for check in checks for finding in run_check(check, facts, config)]
    return sorted(found, key=lambda finding: -finding.level.severity)


def run_check(check: Check, facts: Facts, config: OrchestratorConfig) -> list[Finding]:
    if (why := facts.unmeasured.get(check.fact)) is not None:
        return [] if _is_said_elsewhere(check, facts) else [_unmeasured(check, why)]
    try:
        return list(check.judge(facts, config))
    except Exception as error:
        logger.exception("check %s failed", check.name)
        return [_unmeasured(check, f"the check itself failed: {type(error).__name__}: {error}")]


def _is_said_elsewhere(check: Check, facts: Facts) -> bool:
    """Whether it failed with its store: one cause is told once."""
    causes = {why for fact, why in facts.unmeasured.items() if fact in _AWAY}
    return check.fact not in _AWAY and facts.unmeasured[check.fact] in causes


def _unmeasured(check: Check, why: str) -> Finding:
    text = f"{check.name.capitalize()} could not be looked at: {why}."
    return _AWAY.get(check.fact) or Finding(check.name, Level.WARNING, text, "See the log of the doorbell.")


def worst(findings: Iterable[Finding]) -> Level:
    return max((finding.level for finding in findings), key=lambda level: level.severity, default=Level.OK)


_AWAY = {
    "broker_ms": Finding(
        "broker",
        Level.ERROR,
        "Redis, which carries the queues, does not answer: presses are kept and decided when it is back.",
        "`./doorbell run` starts one; with CELERY_BROKER_URL set, start the Redis that it names.",
    ),
    "database_ms": Finding(
        "database",
        Level.ERROR,
        "The database does not answer: nothing can be recorded.",
        "Free the disk, or start the database that DATABASE_URL names; the log says what it answered.",
    ),
}
