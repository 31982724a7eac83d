from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from migration.legacy.tree import Entry, EntryKind
from migration.planning.doubtful_times import are_kept, zone_doubt

BERLIN = ZoneInfo("Europe/Berlin")
COPIED = datetime(2026, 11, 22, tzinfo=UTC).timestamp()


def entry(name: str, at: float) -> Entry:
    return Entry(f"data/captures/{name}", name, EntryKind.FILE, 1, at)


def captures(hours_off: float = 0) -> list[Entry]:
    taken = [datetime(2025, 9, day, 10, tzinfo=BERLIN) for day in (1, 2, 3)]
    return [entry(f"visitor_{at:%Y%m%d_%H%M%S}.jpg", at.timestamp() + 3600 * hours_off) for at in taken]


def test_file_times_that_agree_with_the_names_were_kept() -> None:
    assert are_kept(captures())


def test_file_times_of_a_copy_were_not() -> None:
    assert not are_kept([entry(found.name, COPIED) for found in captures()])


def test_without_stamped_names_times_of_one_moment_tell_nothing() -> None:
    assert not are_kept([entry("a.jpg", COPIED), entry("b.jpg", COPIED + 5)])
    assert are_kept([entry("a.jpg", COPIED), entry("b.jpg", COPIED + 500)])
    assert not are_kept([])


def test_a_zone_that_agrees_with_the_file_times_is_not_doubted() -> None:
    assert zone_doubt(captures(), BERLIN) == ""
    assert zone_doubt([], BERLIN) == ""


def test_a_wrong_zone_shows_in_the_file_times() -> None:
    assert zone_doubt(captures(), ZoneInfo("UTC")) == (
        "the file times of 3 of 3 pictures are +2 h away from UTC: give the zone of the old host with --timezone"
    )
