import pytest

from pipeline.bench.results import Figures, Kind, Result, Row
from pipeline.bench.rows import NAMES
from pipeline.bench.table import WIDTHS, heading, line

FASTER = Row("encode", Kind.FASTER, 15, "ours", "theirs")
SHARE = Row("overhead", Kind.SHARE, 0.8, "ours", "theirs")
AT_MOST = Row("memory", Kind.AT_MOST, 1, "ours", "theirs")


@pytest.mark.parametrize(
    ("row", "figures", "shown"),
    [
        (FASTER, Figures(5, 90, "ms"), "encode      5.00 ms          90.00 ms         18.00x   >= 15    reached"),
        (FASTER, Figures(9, 90, "ms"), "encode      9.00 ms          90.00 ms         10.00x   >= 15    MISSED"),
        (SHARE, Figures(4, 5, "a/s"), "overhead    4.00 a/s         5.00 a/s         0.80     >= 0.8   reached"),
        (
            AT_MOST,
            Figures(187.4, 211, "MiB"),
            "memory      187 MiB          211 MiB          0.89     <= 1     reached",
        ),
    ],
)
def test_a_row_is_a_line_with_its_verdict(row: Row, figures: Figures, shown: str) -> None:
    assert line(Result(row, figures)) == shown


def test_a_row_that_could_not_be_measured_says_why() -> None:
    shown = "memory      -                -                -        <= 1     not measured: no worker"
    assert line(Result(AT_MOST, None, "no worker")) == shown


def test_what_else_is_known_stands_below_and_what_is_not_is_left_out() -> None:
    figures = Figures(5, 90, "ms", {"same_answer": True, "aligned_ms": 8.1234, "with_a_stranger_ms": None})
    assert line(Result(FASTER, figures)).splitlines()[1:] == ["    same_answer True, aligned_ms 8.12"]


def test_the_heading_stands_above_its_columns() -> None:
    assert heading() == "row         product          against          ratio    target"


def test_every_name_fits_its_column() -> None:
    assert max(map(len, NAMES)) < WIDTHS[0]
