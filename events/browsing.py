"""Events with all that a page or an answer shows of them, in a constant number of queries."""

from django.db.models import Prefetch, QuerySet

from events.models import Capture, Event, FaceObservation


def observations_to_show() -> QuerySet[FaceObservation]:
    """Without what no page shows: chips and vectors."""
    return FaceObservation.objects.select_related("person").defer("chip", "encoding")


def captures_to_show() -> QuerySet[Capture]:
    return Capture.objects.prefetch_related(Prefetch("observations", observations_to_show()))


def events_to_show() -> QuerySet[Event]:
    """select_related: camera; prefetched: captures, their observations, and the people in them."""
    return Event.objects.select_related("camera").prefetch_related(Prefetch("captures", captures_to_show()))
