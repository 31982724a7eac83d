"""Old local times, whose zone is recorded nowhere, as UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from migration.legacy.errors import SourceError

# A picture was written within moments of the visit; its file time says which of two hours it was.
SAME_MOMENT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` is in UTC. `doubt`: why it may be wrong, "" where it is not."""

    at: datetime
    doubt: str = ""


def find_zone(name: str) -> ZoneInfo:
    """Raises SourceError for a zone that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SourceError(f"{name!r} is not a time zone; use a name such as Europe/Berlin") from error


def to_utc(
    local: datetime, zone: ZoneInfo, *, written_at: datetime | None = None, not_before: datetime | None = None
) -> Moment:
    """Return when `local` was. A time with an offset keeps it.

    The hour that autumn repeats is told apart by `written_at`, the picture's file time, else by
    `not_before`, the visit before it in the file.
    """
    try:
        if local.tzinfo is not None:
            return Moment(local.astimezone(UTC))
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first == second:
            return Moment(first)
        if first.astimezone(zone).replace(tzinfo=None) != local:
            return Moment(first, f"{zone.key} had no such time; is it the right zone?")
    except (OverflowError, ValueError):
        return Moment(local.replace(tzinfo=UTC), "the time lies at the edge of the calendar")
    return _of_two(first, second, written_at, not_before)


def _of_two(first: datetime, second: datetime, written_at: datetime | None, not_before: datetime | None) -> Moment:
    if written_at is not None:
        for candidate in (first, second):
            if abs(written_at - candidate) <= SAME_MOMENT:
                return Moment(candidate)
    if not_before is not None and first < not_before <= second:
        return Moment(second)
    return Moment(first, "the clock showed this hour twice; the first is taken")
