from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from migration.importing.report import Report
from migration.importing.run import Options, carry_out
from migration.importing.tables import Tables
from migration.legacy.tree import SourceTree
from migration.planning.values import Plan
from tests.migration.houses import Unpacked

Import = Callable[..., Report]


@pytest.fixture
def importing(db: None, media: Path) -> Any:
    """Carry a plan out into an empty doorbell, and return what became of its items."""
    reports: list[Report] = []

    def run(plan: Plan, root: Path, **options: Any) -> Report:
        reports.append(carry_out(plan, SourceTree(root), Tables.of(apps), Options(**options)))
        return reports[-1]

    yield run
    for report in reports:
        report.close()


@pytest.fixture
def tables() -> Tables:
    return Tables.of(apps)


@pytest.fixture
def arrived(importing: Import, real_plan: Plan, real: Unpacked) -> Report:
    return importing(real_plan, real.root)


@pytest.fixture
def survived(importing: Import, broken_plan: Plan, broken: Unpacked) -> Report:
    return importing(broken_plan, broken.root)


def by_source(report: Report) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for item in report.items():
        found.setdefault(item["source"], []).append(item)
    return found
