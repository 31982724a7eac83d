"""How the doorbell is now: facts, what the checks make of them, and the score."""

from dataclasses import dataclass
from datetime import datetime

from health.checkup import CHECKS
from health.facts import Facts
from health.findings import Finding, Level, run_checks, worst
from health.measuring import gather_facts
from health.score import WARN_BELOW, Score, score_of
from pipeline.config import OrchestratorConfig
from pipeline.configured import current_config


@dataclass(frozen=True, slots=True)
class Assessment:
    facts: Facts
    findings: tuple[Finding, ...]
    score: Score

    @property
    def state(self) -> Level:
        return worst(self.findings)

    @property
    def warning(self) -> str:
        """Why the score is below what is well, or nothing."""
        weakest = self.score.weakest
        if self.score.value >= WARN_BELOW or weakest is None:
            return ""
        return f"performance {self.score.value:.2f}; {weakest} pulls it down most"


def assess(config: OrchestratorConfig | None = None, now: datetime | None = None) -> Assessment:
    """Measure and judge, now. Never raises: what cannot be measured is a finding."""
    config = config or current_config()
    facts = gather_facts(now)
    return Assessment(facts, tuple(run_checks(CHECKS, facts, config)), score_of(facts, config))
