from typing import Any

import pytest

from health.assessment import Assessment
from health.facts import DiskFact, PressFact, QueueFact
from health.score import WEIGHTS, Score, score_of
from pipeline.config import OrchestratorConfig
from tests.health.conftest import FactsMaker, camera


def test_a_doorbell_that_is_well_scores_one(well: FactsMaker, config: OrchestratorConfig) -> None:
    score = score_of(well(), config)
    assert (score.value, score.weakest) == (1.0, None)
    assert set(score.parts) == set(WEIGHTS)


@pytest.mark.parametrize(
    ("changes", "value", "weakest"),
    [
        ({"broker_ms": None, "unmeasured": {"broker_ms": "away"}}, 0.2, "broker"),
        ({"database_ms": None, "unmeasured": {"database_ms": "away"}}, 0.2, "database"),
        ({"workers": {"detection": 1, "recognition": 2, "events": 1}}, 0.65, "workers"),
        ({"workers": {"detection": 0, "recognition": 2, "events": 1}}, 0.3, "workers"),
        ({"workers": {"detection": 9, "recognition": 9, "events": 9}}, 1.0, None),
        ({"cameras": (camera("a"), camera("b", is_live=False))}, 0.75, "cameras"),
        ({"cameras": (camera("a", is_live=False),)}, 0.5, "cameras"),
        ({"cameras": ()}, 1.0, None),
        ({"disk": DiskFact(250, 1000)}, 0.75, "disk"),
        ({"presses": PressFact(2, 100.0, 20_000.0)}, 0.7, "speed"),
        ({"presses": PressFact(0, None, None)}, 1.0, None),
        ({"queues": {"detection": QueueFact(200, None)}}, 0.8, "backlog"),
        ({"failures_per_minute": 20.0}, 0.85, "failures"),
        ({"memory_percent": 100.0}, 0.7, "memory"),
        ({"cpu_percent": 90.0}, 0.9, "processor"),
        ({"cpu_percent": 90.0, "memory_percent": 100.0}, 0.63, "memory"),
        ({"workers": None, "queues": None, "cpu_percent": None}, 1.0, None),
    ],
)
def test_the_formula_is_as_documented(
    well: FactsMaker, config: OrchestratorConfig, changes: dict[str, Any], value: float, weakest: str | None
) -> None:
    score = score_of(well(**changes), config)
    assert score.value == pytest.approx(value)
    assert score.weakest == weakest


def test_the_score_stays_between_nought_and_one() -> None:
    assert Score(dict.fromkeys(WEIGHTS, 0.0)).value == 0.0
    assert Score(dict.fromkeys(WEIGHTS)).value == 1.0


def test_a_low_score_names_what_pulls_it_down(well: FactsMaker, config: OrchestratorConfig) -> None:
    facts = well(workers={"detection": 0, "recognition": 2, "events": 1}, cpu_percent=90.0)
    assessment = Assessment(facts, (), score_of(facts, config))
    assert assessment.warning == "performance 0.27; workers pulls it down most"
    fine = Assessment(well(), (), score_of(well(), config))
    assert fine.warning == ""


def test_what_nobody_wants_to_be_warned_of_costs_nothing(well: FactsMaker) -> None:
    config = OrchestratorConfig(alert_on_high_cpu=False, alert_on_high_memory=False, alert_on_errors=False)
    facts = well(cpu_percent=100.0, memory_percent=100.0, failures_per_minute=1000.0)
    assert score_of(facts, config).value == 1.0
