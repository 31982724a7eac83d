"""What came from the old system: the runs, the items, old names, and what waits for the owner's word."""

from typing import Any

from django.db import models
from django.utils.timezone import now

from events.models import FaceObservation
from faces.models import Person


class Origin(models.TextChoices):
    COMMAND = "command", "manage.py import_legacy"
    MIGRATE = "migrate", "manage.py migrate"


def no_facts() -> dict[str, Any]:
    return {}


class ImportRun(models.Model):
    """One import that brought something. `finished_at` is empty while it runs, or when it was killed:
    the next import of the same installation completes it.

    `counts`: how many items of each kind were imported, already there, sent to review, skipped.
    `notes`: the first of those that were not simply imported, with their reasons.
    """

    origin = models.CharField(max_length=10, choices=Origin)
    source = models.CharField(max_length=500)
    timezone = models.CharField("time zone", max_length=60)
    started_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=no_facts)
    notes = models.JSONField(default=no_facts)

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"import {self.pk} of {self.source}"


class ImportedItem(models.Model):
    """One line, row, picture or encoding of the old system that has become a row here.

    (`kind`, `key`) is its natural key: an item that has a row is never imported again, not even when
    the row it became was deleted since. `model` and `object_id` say which row; `fingerprint` is the
    row's content as imported, by which a later change is noticed.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    source = models.CharField(max_length=300)
    model = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    fingerprint = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="imported_item_once")]
        indexes = [models.Index(fields=["model", "object_id"], name="imported_item_by_row")]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


class PersonAlias(models.Model):
    """A name that the old system had for a person; old visits that carry it are theirs.

    `key` is the name as it is compared: composed letters, white space and case aside.
    """

    run = models.ForeignKey(ImportRun, null=True, blank=True, editable=False, on_delete=models.SET_NULL)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=300)
    key = models.CharField(max_length=300, unique=True, editable=False)

    class Meta:
        verbose_name = "old name"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class UnresolvedName(models.Model):
    """The name under which the old system recognized a face, while it leads to nobody here."""

    observation = models.OneToOneField(FaceObservation, on_delete=models.CASCADE, related_name="old_name")
    name = models.CharField(max_length=300)
    key = models.CharField(max_length=300, db_index=True)

    def __str__(self) -> str:
        return self.name


class ReviewStatus(models.TextChoices):
    OPEN = "open"
    ACCEPTED = "accepted"
    DISCARDED = "discarded"


class ReviewKind(models.TextChoices):
    REMOVED = "removed", "removed in the old web pages"
    UNSEEN = "unseen", "never seen by the old system"
    SEVERAL_FACES = "several_faces", "one of several faces"
    BOTH_LISTS = "both_lists", "on both lists"
    UNNAMED = "unnamed", "without a name"
    UNLIKE = "unlike", "unlike the other pictures"
    UNCLEAR_LIST = "unclear_list", "blocked or not, unclear"
    BAD_NAME = "bad_name", "no usable name"
    STRAY_PICTURE = "stray_picture", "a picture without a visit"


class ReviewItem(models.Model):
    """Something that the import would not decide. It holds all it needs: the old folder may be gone by then.

    Accepted, a face is enrolled as `name`, among the blocked people where `is_blocked`; a stray picture
    becomes a visit at `taken_at`.
    """

    run = models.ForeignKey(ImportRun, on_delete=models.PROTECT, related_name="review_items", editable=False)
    kind = models.CharField(max_length=20, choices=ReviewKind, editable=False)
    key = models.CharField(max_length=200, unique=True, editable=False)
    source = models.CharField("found in", max_length=300, editable=False)
    reason = models.CharField(max_length=300, editable=False)
    name = models.CharField(max_length=100, blank=True, help_text="Whom an accepted face is enrolled as.")
    is_blocked = models.BooleanField("blocked", default=False)
    aliases = models.JSONField("old names", default=list, editable=False)
    image = models.FileField(upload_to="review", max_length=200, blank=True, editable=False)
    encoding = models.BinaryField(null=True, editable=False)
    quality = models.FloatField(default=0, editable=False)
    box = models.JSONField(null=True, editable=False, help_text="[top, right, bottom, left] in the image.")
    taken_at = models.DateTimeField(null=True, editable=False)
    status = models.CharField(max_length=10, choices=ReviewStatus, default=ReviewStatus.OPEN, editable=False)
    settled_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["kind", "source", "id"]
        indexes = [models.Index(fields=["status"], name="review_item_by_status")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.source}"
