"""Forget what is older than its time, and make room when the disk is nearly full.

A visit that is forgotten takes its pictures with it. A visit whose pictures are deleted keeps what is known of it: who,
when, how sure. On a full disk the oldest pictures of motion go first; those of presses stay.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psutil
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from events.models import SETTLED, Capture, Event, Trigger
from events.removal import delete_events

logger = logging.getLogger(__name__)

BATCH = 100
# More than the least, or the next picture would fill the disk again.
ROOM = 1.2
MB = 1024**2


@dataclass(frozen=True, slots=True)
class Forgotten:
    events: int
    pictures: int


def forget_old(now: datetime | None = None) -> Forgotten:
    """Go by event_processing.event_retention_days and storage.keep_images_days; none of them: nothing is forgotten."""
    now, rules = now or timezone.now(), settings.DOORBELL.pipeline_config
    forgotten = Forgotten(
        events=_forget_events(now, rules.event_processing.event_retention_days),
        pictures=_forget_pictures(now, rules.storage.keep_images_days),
    )
    if forgotten.events or forgotten.pictures:
        logger.info("%s old visits forgotten, %s old pictures deleted", forgotten.events, forgotten.pictures)
    return forgotten


def make_room() -> int:
    """Delete the oldest pictures of motion until there is room. Return how many."""
    least_mb = settings.DOORBELL.pipeline_config.storage.min_free_mb
    if not isinstance(default_storage, FileSystemStorage) or free_mb() >= least_mb:
        return 0
    deleted = 0
    while free_mb() < least_mb * ROOM:
        batch = _with_picture().filter(event__trigger=Trigger.MOTION).order_by("taken_at")[:BATCH]
        if not (found := delete_pictures(batch)):
            break
        deleted += found
    logger.warning("the disk is nearly full: %s of the oldest pictures of motion were deleted", deleted)
    return deleted


def free_mb() -> float:
    """On the disk that holds the pictures."""
    media = Path(settings.MEDIA_ROOT)
    return psutil.disk_usage(str(media if media.is_dir() else settings.VAR_DIR)).free / MB


def delete_pictures(captures: QuerySet[Capture]) -> int:
    """Delete the files; the rows stay, without an image. Return how many."""
    with transaction.atomic():
        names = dict(captures.values_list("pk", "image"))
        Capture.objects.filter(pk__in=names).update(image="")
        transaction.on_commit(lambda: _delete_files(list(names.values())))
    return len(names)


def _forget_events(now: datetime, days: int | None) -> int:
    if days is None:
        return 0
    old = Event.objects.filter(started_at__lt=now - timedelta(days=days), closed_at__isnull=False)
    forgotten = 0
    while batch := list(old.order_by("started_at")[:BATCH]):
        forgotten += delete_events(batch)
    return forgotten


def _forget_pictures(now: datetime, days: int | None) -> int:
    if days is None:
        return 0
    old = _with_picture().filter(event__started_at__lt=now - timedelta(days=days)).order_by("pk")
    deleted = 0
    while found := delete_pictures(old[:BATCH]):
        deleted += found
    return deleted


def _with_picture() -> QuerySet[Capture]:
    """Those that no worker will ask for any more."""
    return Capture.objects.filter(status__in=SETTLED).exclude(image="")


def _delete_files(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)
