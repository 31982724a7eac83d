import re
from datetime import UTC, datetime, timedelta

import pytest

from health.charts import BOTTOM, HEIGHT, LEFT, MOST_POINTS, RIGHT, TOP, WIDTH, Series, Span, draw, round_up, thinned

START = datetime(2031, 5, 20, 12, 0, tzinfo=UTC)
DAY = Span(START, START + timedelta(days=1))


def series(*values: tuple[float, float], name: str = "load") -> Series:
    """(hours, value) each."""
    return Series(name, tuple((START + timedelta(hours=hours), value) for hours, value in values))


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_a_line_goes_from_corner_to_corner() -> None:
    chart = draw("Load", [series((0, 0.0), (24, 100.0))], DAY, top=100)
    assert chart is not None
    assert places(chart.lines[0].path) == [(LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, TOP)]


def test_values_beyond_the_scale_stay_inside() -> None:
    chart = draw("Load", [series((1, -5.0), (2, 500.0))], DAY, top=100)
    assert chart is not None
    assert [y for _, y in places(chart.lines[0].path)] == [HEIGHT - BOTTOM, TOP]


def test_a_pause_breaks_the_line() -> None:
    measured = [(minute / 60, 1.0) for minute in (*range(30), *range(600, 630))]
    chart = draw("Load", [series(*measured)], Span(START, START + timedelta(hours=12)))
    assert chart is not None
    assert chart.lines[0].path.count("M") == 2


def test_nothing_measured_is_no_chart() -> None:
    assert draw("Load", [series()], DAY) is None


def test_a_line_without_values_beside_one_with_is_empty() -> None:
    chart = draw("Load", [series((1, 2.0), name="a"), series(name="b")], DAY)
    assert chart is not None
    assert [(line.path == "", line.shown) for line in chart.lines] == [(False, "2"), (True, "none")]


def test_of_many_points_the_one_that_matters_is_kept() -> None:
    many = series(*((index * 24 / 5000, 1.0) for index in range(4999)), (23.99, 77.0))
    kept = thinned(many, DAY)
    assert len(kept) <= MOST_POINTS
    assert max(value for _, value in kept) == 77.0
    lowest = Series("score", many.points, min)
    assert {value for _, value in thinned(lowest, DAY)} == {1.0}


@pytest.mark.parametrize(
    ("value", "rounded"), [(0, 1), (0.03, 0.05), (0.1, 0.1), (7, 10), (11, 20), (100, 100), (101, 200), (4999, 5000)]
)
def test_the_scale_ends_at_a_round_number(value: float, rounded: float) -> None:
    assert round_up(value) == pytest.approx(rounded)


def test_the_limit_is_drawn_only_where_it_is_in_sight() -> None:
    near = draw("Load", [series((1, 90.0))], DAY, top=100, limit=80)
    far = draw("Load", [series((1, 3.0))], DAY, limit=80)
    assert near is not None
    assert far is not None
    assert near.limit_at == pytest.approx(TOP + 0.2 * (HEIGHT - TOP - BOTTOM))
    assert far.limit_at is None


def test_who_does_not_see_the_lines_is_told_their_range() -> None:
    chart = draw("Load", [series((1, 20.0), (2, 30.5))], DAY, unit=" %")
    assert chart is not None
    assert chart.description == "Load: load from 20 % to 30.5 %"
    assert chart.lines[0].shown == "30.5 %"


def test_ticks_name_hours_within_a_day_and_days_beyond() -> None:
    day, quarter = DAY, Span(START, START + timedelta(days=90))
    charts = [draw("Load", [series((1, 2.0))], span) for span in (day, quarter)]
    assert [[tick.label for tick in chart.across] for chart in charts if chart] == [
        ["12:00", "18:00", "00:00", "06:00"],
        ["20 May", "12 Jun", "4 Jul", "27 Jul"],
    ]
