"""The benchmark's results for a person to read."""

from __future__ import annotations

from pipeline.bench.results import Kind, Result

HEADING = ("row", "product", "against", "ratio", "target", "")
WIDTHS = (12, 17, 17, 9, 9, 0)


def heading() -> str:
    return _line(HEADING)


def line(result: Result) -> str:
    """One result as one line, or two where there is more to tell."""
    row, figures = result.row, result.figures
    limit = "<=" if row.kind is Kind.AT_MOST else ">="
    target = f"{limit} {row.target:g}"
    if figures is None:
        return _line((row.name, "-", "-", "-", target, f"not measured: {result.reason}"))
    times = "x" if row.kind is Kind.FASTER else ""
    verdict = "reached" if row.is_reached(figures) else "MISSED"
    values = [f"{_number(value)} {figures.unit}" for value in (figures.product, figures.against)]
    shown = _line((row.name, *values, f"{row.ratio(figures):.2f}{times}", target, verdict))
    further = ", ".join(f"{name} {_shown(value)}" for name, value in figures.further.items() if value is not None)
    return f"{shown}\n    {further}" if further else shown


def _line(cells: tuple[str, ...]) -> str:
    return "".join(f"{cell:{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
