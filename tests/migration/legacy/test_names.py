from datetime import datetime

import pytest

from migration.legacy.names import (
    blocked_name,
    crop_base,
    fold,
    parse_capture_name,
    parse_crop_name,
    safe_name,
    slug,
    without_number,
    without_stamp,
)


def test_spellings_of_one_name_fold_to_one() -> None:
    assert fold("Zoe\u0308") == fold("Zoë") == fold("  zoË ")


@pytest.mark.parametrize(("name", "expected"), [("Sam Carter", "sam_carter"), (" a  b-c ", "a_b-c"), ("李小龙", "")])
def test_slugs_are_those_of_the_old_web_pages(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("stem", "base"),
    [
        ("sam_carter_20250918_190412", "sam_carter"),
        ("a_20250101_000000_20250102_000000", "a_20250101_000000"),
        ("a_20259999_999999", "a_20259999_999999"),
        ("grandpa_joe", "grandpa_joe"),
    ],
)
def test_a_time_stamp_is_read_from_the_right(stem: str, base: str) -> None:
    assert without_stamp(stem) == base


@pytest.mark.parametrize(
    ("name", "base"),
    [("jon_2", "jon"), ("jon-12", "jon"), ("jon 3", "jon"), ("jon (4)", "jon"), ("jon", None), ("anna_1985", None)],
)
def test_a_short_number_may_mean_a_further_picture(name: str, base: str | None) -> None:
    assert without_number(name) == base


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("fbi_vic_o'crane", "Vic O'Crane"),
        ("fbi_fbi_agent_fbi_x", "Agent X"),
        ("fbi_seán_o'mcdonald", "Seán O'Mcdonald"),
        ("rosa_lindt", "Rosa Lindt"),
    ],
)
def test_blacklist_names_follow_the_old_rule(stem: str, name: str) -> None:
    assert blocked_name(stem) == name


def test_captures_say_when_they_were_taken() -> None:
    name = parse_capture_name("visitor_20250918_193005.jpg")
    assert name is not None
    assert name.taken_at == datetime.fromisoformat("2025-09-18T19:30:05")
    assert not name.is_test
    assert parse_capture_name("test_capture_20250925_190244.jpg").is_test  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", ["visitor_20259999_999999.jpg", "visitor_20251101_120000 (1).jpg", "IMG_0001.jpg", "visitor_20250918.jpg"]
)
def test_other_names_of_captures_say_nothing(name: str) -> None:
    assert parse_capture_name(name) is None


def test_a_crops_base_may_end_in_a_stamp_itself() -> None:
    name = parse_crop_name("sam_carter_20250918_190412_20251012_101500_1.jpg")
    assert name is not None
    assert (name.base, name.taken_at, name.index) == (
        "sam_carter_20250918_190412",
        datetime.fromisoformat("2025-10-12T10:15:00"),
        0,
    )


@pytest.mark.parametrize("name", ["unknown_20251101_081500.jpg", "weird.jpg", "a_20251101_081500_0.jpg"])
def test_a_crop_without_a_place_is_none(name: str) -> None:
    assert parse_crop_name(name) is None


def test_crops_are_called_after_the_matched_name() -> None:
    assert crop_base("Vic O'Crane") == "vic_o'crane"
    assert crop_base(None) == "unknown"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("..\\..\\boot", ".. .. boot"),
        ("<img src=x onerror=alert(1)>", "img src=x onerror=alert(1)"),
        ("two\nlines", "two lines"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x" * 200, "x" * 100),
        ("José Ñandú", "José Ñandú"),
        ("Zoe\u0308", "Zoë"),
        ("🙂 neighbour", "🙂 neighbour"),
        (" ", None),
        ("..", None),
    ],
)
def test_the_nearest_name_that_may_be_given(name: str, safe: str | None) -> None:
    assert safe_name(name) == safe
