"""What the clocks of the old installation say about each other."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from migration.legacy.local_time import to_utc
from migration.legacy.names import parse_capture_name, parse_stamp
from migration.legacy.tree import Entry

# The first commit of the old system is of 2025; a Raspberry Pi without a clock starts in 1970.
OLDEST = datetime(2020, 1, 1, tzinfo=UTC)
ANY_ZONE_S = 26 * 3600.0
COPIED_AT_ONCE_S = 120.0
QUARTER_S = 900


def odd_time(at: datetime) -> str:
    """Return why the old clock cannot have been right, "" if it may have been."""
    if at > timezone.now() + timedelta(days=1):
        return "the old clock was ahead of today"
    return "the old clock was not set" if at < OLDEST else ""


def are_kept(entries: Sequence[Entry]) -> bool:
    """Whether the files still have the times of the old host: copies made by git, zip or a careless
    `cp` have the time of the copy. Names with a time stamp tell; else that not all are of one moment."""
    stamped = [(entry, stamp) for entry in entries if (stamp := _stamp(entry.name)) is not None]
    if stamped:
        agreeing = sum(abs(entry.modified_at - stamp.timestamp()) <= ANY_ZONE_S for entry, stamp in stamped)
        return 2 * agreeing >= len(stamped)
    times = [entry.modified_at for entry in entries]
    return bool(times) and max(times) - min(times) > COPIED_AT_ONCE_S


def zone_doubt(captures: Sequence[Entry], zone: ZoneInfo) -> str:
    """Return what the pictures' file times say against `zone`, "" if nothing."""
    lags: Counter[int] = Counter()
    for entry in captures:
        name = parse_capture_name(entry.name)
        if name is not None:
            taken_at = to_utc(name.taken_at, zone, written_at=datetime.fromtimestamp(entry.modified_at, UTC)).at
            lags[round((entry.modified_at - taken_at.timestamp()) / QUARTER_S)] += 1
    wrong = sum(count for lag, count in lags.items() if lag)
    if not wrong or 2 * wrong <= lags.total():
        return ""
    off = sorted({lag * QUARTER_S / 3600 for lag in lags if lag}, key=lambda hours: (abs(hours), hours))
    hours = " or ".join(f"{-hours:+g}" for hours in off[:3])
    return (
        f"the file times of {wrong} of {lags.total()} pictures are {hours} h away from {zone.key}: "
        "give the zone of the old host with --timezone"
    )


def _stamp(name: str) -> datetime | None:
    stem = name.rpartition(".")[0]
    stamp = parse_stamp(stem[-15:]) if len(stem) >= 15 else None
    return stamp.replace(tzinfo=UTC) if stamp else None
