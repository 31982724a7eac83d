import pytest

from migration.legacy.text import shown, storable


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Zoë", "Zoë"), ("two\nlines", "two\\nlines"), ("\u202egnp", "\\u202egnp"), ("Ren\udce9", "Ren\\xe9")],
)
def test_nothing_invisible_reaches_a_terminal(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_undecodable_bytes_of_a_name_can_be_stored() -> None:
    storable("Ren\udce9.jpg").encode()
    assert storable("李小龙") == "李小龙"
