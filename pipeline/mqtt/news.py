"""Which visits there is something to tell of, and the mark up to which all is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from events.models import Capture, Event
from events.notifications.scenes import load_event
from pipeline.models import MqttMark
from pipeline.mqtt.told import Told, what_is_known

CATCH_UP = timedelta(hours=6)  # what is older is not told any more
SLACK = timedelta(minutes=2)  # a visit may be committed that much after its `started_at`


@dataclass(frozen=True, slots=True)
class News:
    """event: as `load_event` gives it. told: None for a visit that nobody heard of yet."""

    event: Event
    told: Told | None
    known: Told


class Ledger:
    """The row of what was told. One process writes it."""

    def __init__(self) -> None:
        self._mark, _ = MqttMark.objects.get_or_create(pk=1)
        self._told = {int(pk): Told.from_json(told) for pk, told in self._mark.told.items()}
        self._looked: dict[int, tuple[object, ...]] = {}

    def news(self, *, not_before: datetime | None = None) -> Iterator[News]:
        """Oldest first. not_before: leave visits that began earlier for another time."""
        since = max(self._mark.since, timezone.now() - CATCH_UP, *([not_before] if not_before else []))
        has_picture = Exists(Capture.objects.filter(event=OuterRef("pk")))
        events = Event.objects.filter(started_at__gte=since).order_by("started_at", "pk").annotate(shows=has_picture)
        for pk, *state in events.values_list("pk", "outcome", "settled_at", "shows"):
            if self._looked.get(pk) != tuple(state):
                yield from self._news_of(pk)
                self._looked[pk] = tuple(state)

    def record(self, news: News) -> None:
        """The broker has it."""
        self._told[news.event.pk] = news.known
        self._save()

    def advance(self) -> None:
        """Move the mark over visits that are done with, and forget them."""
        now = timezone.now()
        started = dict(Event.objects.filter(started_at__gte=self._mark.since).values_list("pk", "started_at"))
        unfinished = [at for pk, at in started.items() if not self._is_over(pk) and at > now - CATCH_UP]
        since = max(self._mark.since, min([*unfinished, now - SLACK]))
        if since == self._mark.since:
            return
        self._mark.since = since
        kept = {pk for pk, at in started.items() if at >= since}
        self._told = {pk: told for pk, told in self._told.items() if pk in kept}
        self._looked = {pk: state for pk, state in self._looked.items() if pk in kept}
        self._save()

    def _news_of(self, pk: int) -> Iterator[News]:
        try:
            event = load_event(pk)
        except Event.DoesNotExist:
            return
        told = self._told.get(pk)
        known = what_is_known(event, told)
        if known != told:
            yield News(event, told, known)

    def _is_over(self, pk: int) -> bool:
        told = self._told.get(pk)
        return told is not None and told.stage == "settled"

    def _save(self) -> None:
        self._mark.told = {str(pk): told.as_json() for pk, told in self._told.items()}
        self._mark.save(update_fields=["since", "told"])
