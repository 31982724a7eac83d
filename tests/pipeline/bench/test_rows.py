import re
from importlib import import_module
from pathlib import Path

import pytest

from pipeline.bench.__main__ import MEASURES
from pipeline.bench.results import Kind
from pipeline.bench.rows import NAMES, ROWS

VISION_DOCS = Path(__file__).resolve().parents[3] / "docs" / "vision.md"
SIGNS = {Kind.FASTER: "≥", Kind.SHARE: "≥", Kind.AT_MOST: "≤"}


def test_the_rows_are_these() -> None:
    assert NAMES == (
        "encode", "cnn_detect", "press", "press_yunet", "video", "video_yunet",
        "idle", "match_10k", "match_1m", "overhead", "two_workers", "memory",
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_a_function_that_measures_it(name: str) -> None:
    module, _, function = MEASURES[name].partition(":")
    assert callable(getattr(import_module(f"pipeline.bench.{module}"), function))


def test_nothing_is_measured_that_is_no_row() -> None:
    assert set(MEASURES) == set(NAMES)


def test_the_page_about_vision_tells_every_row_with_its_target() -> None:
    written = VISION_DOCS.read_text()
    told = dict(re.findall(r"^\| `(\w+)` \|(?:[^|]*\|){3} ([≥≤] [\d.]+) \|", written, re.MULTILINE))
    assert told == {row.name: f"{SIGNS[row.kind]} {row.target:g}" for row in ROWS}
