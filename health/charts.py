"""Lines over time as SVG: numbers in, path texts out. No script draws them and no other server is asked."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone
from django.utils.formats import date_format

WIDTH, HEIGHT = 420, 150
LEFT, RIGHT, TOP, BOTTOM = 40, 6, 8, 22
MOST_POINTS = 240
# A line is broken where nothing was measured for so many times the usual pause.
GAP = 4

Point = tuple[datetime, float]


@dataclass(frozen=True, slots=True)
class Series:
    """`pick`: which of several values that fall on one place is drawn; the one that a person should see."""

    name: str
    points: tuple[Point, ...]
    pick: Callable[[Iterable[float]], float] = max

    @property
    def latest(self) -> float | None:
        return self.points[-1][1] if self.points else None


@dataclass(frozen=True, slots=True)
class Line:
    """`path`: the d of an SVG path. `shown`: the latest value, as it is read."""

    name: str
    path: str
    shown: str


@dataclass(frozen=True, slots=True)
class Tick:
    """at: pixels from the left or from the top."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    down: tuple[Tick, ...]
    limit_at: float | None
    description: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


@dataclass(frozen=True, slots=True)
class Span:
    since: datetime
    until: datetime

    def x(self, moment: datetime) -> float:
        share = (moment - self.since) / (self.until - self.since)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def draw(
    title: str,
    series: Sequence[Series],
    span: Span,
    *,
    unit: str = "",
    top: float | None = None,
    limit: float | None = None,
) -> Chart | None:
    """None when nothing was measured in the span.

    unit: stands behind the latest value. top: the end of the scale, None for a round number above every value.
    limit: where a dashed line says that beyond it something is wrong.
    """
    if not any(each.points for each in series):
        return None
    highest = top or round_up(max(value for each in series for _, value in each.points))
    return Chart(
        title=title,
        lines=tuple(Line(each.name, _path(each, span, highest), _shown(each.latest, unit)) for each in series),
        across=_times(span),
        down=tuple(Tick(_y(highest * share, highest), _number(highest * share)) for share in (0, 0.5, 1)),
        limit_at=None if limit is None or limit > highest else _y(limit, highest),
        description=_description(title, series, unit),
    )


def round_up(value: float) -> float:
    """1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if value <= step * power * (1 + 1e-9))


def _path(series: Series, span: Span, highest: float) -> str:
    points = thinned(series, span)
    if not points:
        return ""
    pauses = sorted(after - before for (before, _), (after, _) in pairwise(points))
    longest = pauses[len(pauses) // 2] * GAP if pauses else timedelta()
    words, previous = [], None
    for moment, value in points:
        is_new = previous is None or moment - previous > longest
        words.append(f"{'M' if is_new else 'L'}{span.x(moment)} {_y(value, highest)}")
        # A lone point would have no length, and so not be seen.
        words += ["h.1"] if is_new else []
        previous = moment
    return "".join(words)


def thinned(series: Series, span: Span) -> list[Point]:
    """At most MOST_POINTS, in order of time; of those that fall together the one that `pick` takes."""
    width = (span.until - span.since) / MOST_POINTS
    groups: dict[int, list[Point]] = {}
    for moment, value in series.points:
        groups.setdefault(int((moment - span.since) / width), []).append((moment, value))
    return [(group[len(group) // 2][0], series.pick(value for _, value in group)) for group in groups.values()]


def _y(value: float, highest: float) -> float:
    share = min(max(value / highest, 0.0), 1.0)
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def _times(span: Span) -> tuple[Tick, ...]:
    style = "H:i" if span.until - span.since <= timedelta(days=2) else "j M"
    moments = [span.since + (span.until - span.since) * share / 4 for share in range(4)]
    return tuple(Tick(span.x(moment), date_format(timezone.localtime(moment), style)) for moment in moments)


def _shown(value: float | None, unit: str) -> str:
    return "none" if value is None else f"{_number(value)}{unit}"


def _number(value: float) -> str:
    digits = 0 if value == 0 or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _description(title: str, series: Sequence[Series], unit: str) -> str:
    """For those who do not see the lines."""
    said = []
    for each in series:
        if each.points:
            values = [value for _, value in each.points]
            said.append(f"{each.name} from {_shown(min(values), unit)} to {_shown(max(values), unit)}")
    return f"{title}: {'; '.join(said)}"
