"""What a row of the benchmark comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


class Kind(Enum):
    """What the ratio divides, and on which side of the target it should lie."""

    FASTER = "times faster"  # both in time: against / product, at least
    SHARE = "of its rate"  # both in rates: product / against, at least
    AT_MOST = "of its use"  # both in what is used up: product / against, at most


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians in `unit`. further: whatever else is worth knowing, as JSON takes it."""

    product: float
    against: float
    unit: str
    further: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. product, against: what is measured, in words."""

    name: str
    kind: Kind
    target: float
    product: str
    against: str

    def ratio(self, figures: Figures) -> float:
        if self.kind is Kind.FASTER:
            return figures.against / figures.product
        return figures.product / figures.against

    def is_reached(self, figures: Figures) -> bool:
        ratio = self.ratio(figures)
        return ratio <= self.target if self.kind is Kind.AT_MOST else ratio >= self.target


@dataclass(frozen=True, slots=True)
class Result:
    """figures: None where the row could not be measured; `reason` says why."""

    row: Row
    figures: Figures | None
    reason: str = ""

    def details(self) -> dict[str, Any]:
        if self.figures is None:
            return {"target": self.row.target, "reason": self.reason}
        return {"target": self.row.target, "reached": self.row.is_reached(self.figures), **asdict(self.figures)}


def as_json(results: list[Result], machine: Mapping[str, Any]) -> dict[str, Any]:
    """The ratios by the rows' names (null where there is none), then what they were made from."""
    ratios = {each.row.name: round(each.row.ratio(each.figures), 3) if each.figures else None for each in results}
    return {**ratios, "details": {each.row.name: each.details() for each in results}, "machine": dict(machine)}
