"""Delete visits with their pictures."""

from collections.abc import Iterable

from django.core.files.storage import default_storage
from django.db import transaction

from events.models import Capture, Event


def delete_events(events: Iterable[Event]) -> int:
    """Delete the rows and, once that is committed, the files. Return how many events."""
    ids = [event.pk for event in events]
    with transaction.atomic():
        names = list(Capture.objects.filter(event__in=ids).values_list("image", flat=True))
        Event.objects.filter(pk__in=ids).delete()
        transaction.on_commit(lambda: _delete_files(names))
    return len(ids)


def _delete_files(names: list[str]) -> None:
    for name in filter(None, names):
        default_storage.delete(name)
