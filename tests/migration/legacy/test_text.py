import pytest

from migration.legacy.text import shown, storable


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Zoë", "Zoë"), ("two\nlines", "two\\nlines"), ("\u202egnp", "\\u202egnp"), ("Ren\udce9", "Ren\\xe9")],
)
def test_nothing_invisible_reaches_a_terminal(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Ren\udce9.jpg", "Ren\\xe9.jpg"), ("\ud800x", "\\ud800x"), ("a\0b", "ab"), ("李小龙 🙂", "李小龙 🙂")],
)
def test_any_text_can_be_stored(text: str, expected: str) -> None:
    assert storable(text) == expected
    storable(text).encode()
