import math

import pytest

from migration.legacy.literals import Dialect, NotLiteral, parse_literal

REPR = Dialect(numpy=True)


def test_inf_nan_and_numpy_numbers_are_read() -> None:
    assert parse_literal("{'a': inf, 'b': [np.float64(0.5), -np.float32(1)], 'c': None}", REPR) == {
        "a": math.inf,
        "b": [0.5, -1.0],
        "c": None,
    }
    assert math.isnan(parse_literal("nan", REPR))  # type: ignore[arg-type]


def test_what_looks_like_code_inside_text_stays_text() -> None:
    text = 'O\'Brien "the" \\ <script>inf, np.float64(1)</script>'
    assert parse_literal(repr({"name": text}), REPR) == {"name": text}


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "{'a': __import__('os')}",
        "np.float64(open('x'))",
        "np.load('x')",
        "np.float64(1, 2)",
        "np.float64(x=1)",
        "np.float64('1')",
        "numpy.random.rand(1)",
        "os.float64(1)",
        "[x for x in 'a']",
        "lambda: 1",
        "f'{1}'",
        "b'bytes'",
        "1j",
        "{**{}}",
        "{1: 2}",
        "{[]: 2}",
        "...",
        "2 ** 99999999",
        "'a' * 10 ** 9",
        "1 + 1",
        "-'a'",
        "x := 1",
    ],
)
def test_code_is_refused(text: str) -> None:
    with pytest.raises(NotLiteral):
        parse_literal(text, REPR)


@pytest.mark.parametrize(
    "text", ["[" * 100_000 + "]" * 100_000, "-" * 100_000 + "1", "(" * 5000, "1" * 5000, "{'a': " * 50 + "1" + "}" * 50]
)
def test_nesting_and_size_end_nothing(text: str) -> None:
    with pytest.raises(NotLiteral):
        parse_literal(text, REPR)


def test_constant_arithmetic_is_worked_out_where_people_write_it() -> None:
    assert parse_literal("2 * 1024 * 1024 - 1", Dialect(arithmetic=True)) == 2097151
    with pytest.raises(NotLiteral, match="a number is too large"):
        parse_literal("999999999999 * 999999999999", Dialect(arithmetic=True))
