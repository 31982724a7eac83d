"""Settle the review list: the owner's word on what the import would not decide."""

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from events.models import Capture, CaptureStatus, Event, Outcome, Trigger, capture_path
from faces.models import FaceSample, Person, sample_path
from faces.people import change_person, clean_name, create_person, gallery_changed
from migration.importing.old_names import add_aliases, alias_key, resolve_old_names
from migration.importing.tables import Tables
from migration.legacy.faces_seen import ENCODING_MODEL
from migration.legacy.names import fold
from migration.models import PersonAlias, ReviewItem, ReviewKind, ReviewStatus
from pipeline.errors import DoorbellError
from pipeline.vision.images import decode_image


class AlreadySettled(DoorbellError):
    """Somebody has accepted or discarded the item before."""

    code = "already_settled"


def accept(item: ReviewItem) -> None:
    """Enroll the face, or make a visit of the stray picture. A blocked person stays blocked.

    Raises AlreadySettled, and InvalidName when the item has no usable name yet.
    """
    with transaction.atomic():
        if item.kind == ReviewKind.STRAY_PICTURE:
            _settle(item, ReviewStatus.ACCEPTED)
            _make_visit(item)
        else:
            name = clean_name(item.name)
            _settle(item, ReviewStatus.ACCEPTED)
            _enroll(item, name)


def discard(item: ReviewItem) -> None:
    """Forget the picture and the encoding; the row stays, so that no import asks again. Raises AlreadySettled."""
    with transaction.atomic():
        _settle(item, ReviewStatus.DISCARDED)
        _forget_picture(item)


def _settle(item: ReviewItem, status: ReviewStatus) -> None:
    """Of two who click at once, one settles the item."""
    open_items = ReviewItem.objects.filter(pk=item.pk, status=ReviewStatus.OPEN)
    if not open_items.update(status=status, settled_at=timezone.now()):
        raise AlreadySettled(f"{item} was settled before; reload the list")


def _enroll(item: ReviewItem, name: str) -> None:
    person = _person_called(name) or create_person(name, is_blocked=item.is_blocked)
    if item.is_blocked and not person.is_blocked:
        change_person(person, is_blocked=True)
    tables = Tables.of(apps)
    add_aliases(tables, person, [*item.aliases, name])
    resolve_old_names(tables)
    if item.encoding is not None:
        _add_sample(item, person)


def _person_called(name: str) -> Person | None:
    alias = PersonAlias.objects.filter(key=alias_key(name)).select_related("person").first()
    if alias is not None:
        return alias.person
    return next((person for person in Person.objects.all() if fold(person.name) == fold(name)), None)


def _add_sample(item: ReviewItem, person: Person) -> None:
    top, right, bottom, left = item.box or (0, 0, 0, 0)
    sample = FaceSample(
        person=person,
        encoding=item.encoding,
        encoding_model=ENCODING_MODEL,
        quality=item.quality,
        box_top=top,
        box_right=right,
        box_bottom=bottom,
        box_left=left,
    )
    if item.image:
        sample.image.name = _moved(item, sample_path(sample, ""))
    sample.save()
    gallery_changed()
    _forget_picture(item)


def _make_visit(item: ReviewItem) -> None:
    at = item.taken_at or item.created_at
    with item.image.open("rb") as file:
        height, width = decode_image(file.read()).shape[:2]
    event = Event.objects.create(
        trigger=Trigger.PRESS,
        outcome=Outcome.UNKNOWN,
        reason="a picture of the old system that belongs to no visit; its time is the file's",
        started_at=at,
        closed_at=at,
        decided_at=at,
        settled_at=at,
    )
    capture = Capture(
        event=event, taken_at=at, width=width, height=height, status=CaptureStatus.DONE, created_at=at, status_at=at
    )
    capture.image.name = _moved(item, capture_path(capture, ""))
    capture.save()
    _forget_picture(item)


def _moved(item: ReviewItem, name: str) -> str:
    """Copy the picture to its new place; the old one goes when the rows are committed."""
    with item.image.open("rb") as file:
        return default_storage.save(name, ContentFile(file.read()))


def _forget_picture(item: ReviewItem) -> None:
    name = item.image.name
    if name:
        ReviewItem.objects.filter(pk=item.pk).update(image="", encoding=None)
        transaction.on_commit(lambda: default_storage.delete(name))
    else:
        ReviewItem.objects.filter(pk=item.pk).update(encoding=None)
