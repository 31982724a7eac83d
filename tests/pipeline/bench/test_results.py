import json

import pytest

from pipeline.bench.results import Figures, Kind, Result, Row, as_json

FASTER = Row("encode", Kind.FASTER, 15, "ours", "theirs")
SHARE = Row("overhead", Kind.SHARE, 0.8, "ours", "theirs")
AT_MOST = Row("memory", Kind.AT_MOST, 1, "ours", "theirs")


@pytest.mark.parametrize(
    ("row", "product", "against", "ratio", "is_reached"),
    [
        (FASTER, 5, 75, 15, True),
        (FASTER, 5, 74, 14.8, False),
        (SHARE, 8, 10, 0.8, True),
        (SHARE, 7, 10, 0.7, False),
        (AT_MOST, 200, 200, 1, True),
        (AT_MOST, 201, 200, 1.005, False),
    ],
)
def test_the_target_lies_on_the_side_that_the_kind_says(
    row: Row, product: float, against: float, ratio: float, is_reached: bool
) -> None:
    figures = Figures(product, against, "ms")
    assert row.ratio(figures) == pytest.approx(ratio)
    assert row.is_reached(figures) is is_reached


def test_json_has_each_ratio_under_its_rows_name_and_what_it_was_made_from() -> None:
    results = [Result(FASTER, Figures(6.0, 80.0, "ms", {"aligned": 8.0})), Result(AT_MOST, None, "no worker")]

    found = json.loads(json.dumps(as_json(results, {"cores": 2})))

    assert found == {
        "encode": 13.333,
        "memory": None,
        "details": {
            "encode": {
                "target": 15,
                "reached": False,
                "product": 6.0,
                "against": 80.0,
                "unit": "ms",
                "further": {"aligned": 8.0},
            },
            "memory": {"target": 1, "reason": "no worker"},
        },
        "machine": {"cores": 2},
    }
