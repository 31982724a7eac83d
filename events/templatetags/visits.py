"""What the templates about visits say: when, who, and where in a picture a face is."""

from dataclasses import dataclass
from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from events import telling
from events.models import Capture, Event, FaceObservation, FaceStatus, Outcome

register = template.Library()
OUTCOME_WORDS = {**dict(Outcome.choices), Outcome.BLOCKED: "watch-list"}
register.filter("who", telling.who)
register.filter("headline", telling.headline)
register.filter("sightings", telling.sightings)
register.filter("cover", telling.cover)


@dataclass(frozen=True, slots=True)
class Frame:
    """A box in percent of its picture, and what stands beside it."""

    left: str
    top: str
    width: str
    height: str
    right: str
    bottom: str
    label: str
    kind: str
    is_on_right: bool
    is_at_top: bool


@register.filter
def ago(moment: datetime) -> str:
    """'5 min ago', up to a day; further back the date says more."""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < 3570:
        return f"{round(seconds / 60)} min ago"
    if seconds < 86400:
        return f"{round(seconds / 3600)} h ago"
    days = round(seconds / 86400)
    return "a day ago" if days == 1 else f"{days} days ago"


@register.filter
def local_day(moment: datetime) -> date:
    return timezone.localdate(moment)


@register.filter
def day_name(day: date) -> str:
    """A heading for the events of one local day."""
    days = (timezone.localdate() - day).days
    if days in (0, 1):
        return "Yesterday" if days else "Today"
    return date_format(day, "l j F" if 0 < days < 180 else "l j F Y")


@register.filter
def outcome_word(event: Event) -> str:
    return OUTCOME_WORDS.get(event.outcome, event.outcome).lower()


@register.filter
def frames(capture: Capture) -> list[Frame]:
    return [_frame(face, capture) for face in capture.observations.all()]


def _frame(face: FaceObservation, capture: Capture) -> Frame:
    box = face.box.clipped(capture.height, capture.width)
    return Frame(
        left=_percent(box.left, capture.width),
        top=_percent(box.top, capture.height),
        width=_percent(box.width, capture.width),
        height=_percent(box.height, capture.height),
        right=_percent(box.right, capture.width),
        bottom=_percent(box.bottom, capture.height),
        label=_label(face),
        kind=face.status,
        is_on_right=box.left + box.right > capture.width,
        is_at_top=box.top < capture.height / 8,
    )


def _label(face: FaceObservation) -> str:
    if face.status == FaceStatus.PENDING:
        return "…"
    if face.status == FaceStatus.DOUBTFUL:
        return ""
    return face.person.name if face.person else "unknown"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.2f}%"
