from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from migration.legacy.errors import SourceError
from migration.legacy.local_time import find_zone, to_utc

BERLIN = ZoneInfo("Europe/Berlin")
TWICE = datetime.fromisoformat("2025-10-26T02:10:30")


def test_a_local_time_becomes_utc() -> None:
    assert to_utc(datetime.fromisoformat("2025-09-18T19:30:00"), BERLIN).at == datetime(2025, 9, 18, 17, 30, tzinfo=UTC)


def test_the_pictures_file_time_tells_the_two_hours_of_autumn_apart() -> None:
    for hour in (0, 1):
        at = datetime(2025, 10, 26, hour, 10, 30, tzinfo=UTC)
        moment = to_utc(TWICE, BERLIN, written_at=at)
        assert moment.at == at
        assert moment.doubt == ""


def test_else_the_visit_before_it_does() -> None:
    moment = to_utc(TWICE, BERLIN, not_before=datetime(2025, 10, 26, 0, 40, tzinfo=UTC))
    assert moment.at == datetime(2025, 10, 26, 1, 10, 30, tzinfo=UTC)
    assert moment.doubt == ""


def test_else_the_first_is_taken_and_said() -> None:
    moment = to_utc(TWICE, BERLIN, written_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert moment.at == datetime(2025, 10, 26, 0, 10, 30, tzinfo=UTC)
    assert moment.doubt == "the clock showed this hour twice; the first is taken"


def test_an_hour_that_spring_leaves_out_casts_doubt_on_the_zone() -> None:
    moment = to_utc(datetime.fromisoformat("2025-03-30T02:30:00"), BERLIN)
    assert moment.doubt == "Europe/Berlin had no such time; is it the right zone?"


def test_an_offset_wins_over_the_zone() -> None:
    local = datetime.fromisoformat("2025-11-02T02:30:00-05:00")
    assert to_utc(local, BERLIN).at == datetime(2025, 11, 2, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "local", [datetime.fromisoformat("0001-01-01T00:00:00"), datetime.fromisoformat("9999-12-31T23:59:00")]
)
def test_the_edges_of_the_calendar_end_nothing(local: datetime) -> None:
    assert to_utc(local, ZoneInfo("Pacific/Auckland")).at.tzinfo is UTC
    assert to_utc(local, ZoneInfo("America/New_York")).at.tzinfo is UTC


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "/etc/localtime"])
def test_a_zone_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="is not a time zone; use a name such as Europe/Berlin"):
        find_zone(name)
