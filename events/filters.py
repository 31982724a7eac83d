"""What the list of events can be narrowed to: the same words in the API and on the page."""

from datetime import datetime, time
from typing import Any, Generic, TypeVar

import django_filters
from django import forms
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from events.models import Camera, Event, FaceObservation, FaceStatus, Outcome, Trigger
from faces.models import Person

YEARS = range(1970, 9000)  # what can be turned into any time zone
Row = TypeVar("Row", bound=Model)


class MomentField(forms.Field):
    """An ISO 8601 date, or date and time; without an offset it is local. A date is its first or its last moment."""

    def __init__(self, *, at: time = time.min, **options: Any) -> None:
        super().__init__(**options)
        self.at = at

    def to_python(self, value: str | None) -> datetime | None:
        text = (value or "").strip().replace(" ", "+")  # a + not escaped in an address arrives as a blank
        if not text:
            return None
        try:
            day = parse_date(text)
            moment = datetime.combine(day, self.at) if day else parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None or moment.year not in YEARS:
            raise forms.ValidationError(f"{text[:40]!r} is no time; use 2026-01-31 or 2026-01-31T18:30:00+01:00.")
        return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentFilter(django_filters.Filter):
    field_class = MomentField


class NamedRowField(forms.Field, Generic[Row]):
    """The id or the name (case aside) of a row."""

    def __init__(self, *, rows: QuerySet[Row], **options: Any) -> None:
        super().__init__(**options)
        self.rows = rows

    def to_python(self, value: str | None) -> Row | None:
        text = (value or "").strip()
        if not text:
            return None
        found = self.rows.filter(pk=int(text)).first() if text.isascii() and text.isdecimal() else None
        if "\0" not in text:  # which PostgreSQL refuses to compare
            found = found or self.rows.filter(name__iexact=text).first()
        if found is None:
            raise forms.ValidationError(f"There is no {self.rows.model._meta.verbose_name} {text[:60]!r}.")
        return found


@extend_schema_field(OpenApiTypes.STR)
class NamedRowFilter(django_filters.Filter):
    field_class = NamedRowField


class EventFilter(django_filters.FilterSet):
    camera = NamedRowFilter(rows=Camera.objects.all(), label="A camera's name or id.")
    trigger = django_filters.ChoiceFilter(choices=Trigger.choices, empty_label="any trigger")
    outcome = django_filters.ChoiceFilter(choices=Outcome.choices, empty_label="any outcome")
    person = NamedRowFilter(rows=Person.objects.all(), method="seen", label="A person's id or name.")
    since = MomentFilter(field_name="started_at", lookup_expr="gte", label="Not before this date or time.")
    until = MomentFilter(
        field_name="started_at",
        lookup_expr="lte",
        at=time.max,
        label="Not after this date or time; a date counts whole.",
    )

    class Meta:
        model = Event
        fields: list[str] = []

    def seen(self, events: QuerySet[Event], _name: str, person: Person) -> QuerySet[Event]:
        # A subquery over the person's own observations: quick for a rare visitor among many events.
        sightings = FaceObservation.objects.filter(person=person, status__in=(FaceStatus.KNOWN, FaceStatus.BLOCKED))
        return events.filter(pk__in=sightings.values("capture__event_id"))
