"""Older and newer, by where an event stands in time: as fast on the last page as on the first, and
nothing is shown twice when the bell rings in between."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from events.models import Event


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first. `older` and `newer` are cursors for those pages, None where there is none."""

    events: list[Event]
    older: str | None
    newer: str | None


def read_page(events: QuerySet[Event], *, before: str = "", after: str = "", size: int = 24) -> Page:
    """events: newest first. `before` or `after`: a cursor of another page; one that cannot be read
    gives the first page."""
    if (cursor := read_cursor(before)) is not None:
        found = list(events.filter(_older_than(*cursor))[: size + 1])
        return _page(found[:size], has_older=len(found) > size, has_newer=bool(found))
    if (cursor := read_cursor(after)) is not None:
        found = list(events.filter(_newer_than(*cursor)).order_by("started_at", "id")[: size + 1])
        return _page(found[:size][::-1], has_older=bool(found), has_newer=len(found) > size)
    found = list(events[: size + 1])
    return _page(found[:size], has_older=len(found) > size, has_newer=False)


def write_cursor(event: Event) -> str:
    return f"{event.started_at.isoformat()}_{event.pk}"


def read_cursor(cursor: str) -> tuple[datetime, int] | None:
    moment_text, _, id_text = cursor.replace(" ", "+").rpartition("_")
    try:
        moment, pk = parse_datetime(moment_text), int(id_text)
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None or not 0 <= pk < 2**63 else (moment, pk)


def _page(events: list[Event], *, has_older: bool, has_newer: bool) -> Page:
    return Page(
        events,
        older=write_cursor(events[-1]) if has_older and events else None,
        newer=write_cursor(events[0]) if has_newer and events else None,
    )


def _older_than(moment: datetime, pk: int) -> Q:
    return Q(started_at__lte=moment) & (Q(started_at__lt=moment) | Q(pk__lt=pk))


def _newer_than(moment: datetime, pk: int) -> Q:
    return Q(started_at__gte=moment) & (Q(started_at__gt=moment) | Q(pk__gt=pk))
