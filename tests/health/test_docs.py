"""docs/health.md says what the code says."""

from pathlib import Path

import pytest

from events.measurements import STAGES
from health.assessment import Assessment
from health.facts import Facts
from health.prometheus import Doorbell
from health.score import WEIGHTS, score_of
from pipeline.config import OrchestratorConfig
from tests.health.conftest import FactsMaker

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "health.md").read_text()


@pytest.mark.parametrize(("part", "weight"), WEIGHTS.items())
def test_every_part_of_the_score_is_in_the_table_with_its_weight(part: str, weight: float) -> None:
    assert f"\n| {part} | {weight} |" in PAGE


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_named(stage: str) -> None:
    assert f"`{stage}`" in PAGE


@pytest.mark.django_db
def test_every_metric_is_in_the_table(well: FactsMaker, config: OrchestratorConfig) -> None:
    facts: Facts = well(unmeasured={"broker_ms": "away"})
    families = list(Doorbell(Assessment(facts, (), score_of(facts, config))).collect())
    for family in families:
        name = family.name if family.type != "counter" else f"{family.name}_total"
        assert f"`{name}`" in PAGE, name
