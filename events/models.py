"""What happened: Camera, Event, Capture, FaceObservation."""

import uuid
from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

import events.notifications.models  # noqa: F401 - Django finds an app's models from here
from faces.models import Person, encoding_from_bytes
from pipeline.vision.arrays import Float32Array
from pipeline.vision.geometry import Box

CAMERA_SILENT_AFTER = timedelta(seconds=20)


def capture_path(capture: "Capture", _filename: str) -> str:
    return f"captures/{capture.taken_at:%Y/%m/%d}/{uuid.uuid4().hex}.jpg"


class Camera(models.Model):
    """A source of frames."""

    name = models.CharField(max_length=60)
    source = models.CharField(
        max_length=500, blank=True, help_text="0, /dev/video0, rtsp://…, http://… or a video file; empty: no camera."
    )
    is_enabled = models.BooleanField("enabled", default=True)
    min_face_px = models.PositiveSmallIntegerField(
        "smallest face, pixels",
        default=64,
        validators=[MinValueValidator(20), MaxValueValidator(1000)],
        help_text="Faces narrower than this in the camera's picture may be missed; a larger number is faster.",
    )
    seen_at = models.DateTimeField(null=True, editable=False)
    state = models.CharField(max_length=20, blank=True, editable=False)
    state_text = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(Lower("name"), name="camera_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether a capture process reported a new frame a moment ago."""
        return self.state == "live" and self.seen_at is not None and timezone.now() - self.seen_at < CAMERA_SILENT_AFTER


class Trigger(models.TextChoices):
    PRESS = "press"
    MOTION = "motion"
    UPLOAD = "upload"


class Outcome(models.TextChoices):
    PENDING = "pending"
    KNOWN = "known"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    NO_FACE = "no_face", "no face"
    NO_PICTURE = "no_picture", "no picture"


class Event(models.Model):
    """One visit. `closed_at`: no further capture will join it. `decided_at`: when the outcome was first
    known, perhaps before the last capture. `settled_at`: when everything it has was taken into account.
    """

    camera = models.ForeignKey(Camera, null=True, blank=True, on_delete=models.SET_NULL, related_name="events")
    trigger = models.CharField(max_length=10, choices=Trigger)
    started_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.PENDING)
    reason = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True, editable=False)
    settled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="event_newest_first"),
            models.Index(fields=["outcome", "-started_at"], name="event_by_outcome"),
            models.Index(fields=["camera", "-started_at"], name="event_by_camera"),
            models.Index(fields=["started_at"], condition=models.Q(settled_at=None), name="event_unsettled"),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("event", args=[self.pk])

    @property
    def decided_ms(self) -> int | None:
        """Milliseconds from the press to the first decision."""
        return (
            None if self.decided_at is None else round((self.decided_at - self.started_at) / timedelta(milliseconds=1))
        )


class CaptureStatus(models.TextChoices):
    """How far a capture got. `detecting` and `recognizing` are claims."""

    SAVED = "saved"
    DETECTING = "detecting"
    DETECTED = "detected"
    RECOGNIZING = "recognizing"
    DONE = "done"
    FAILED = "failed"


SETTLED = (CaptureStatus.DONE, CaptureStatus.FAILED)


class Capture(models.Model):
    """One saved frame."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="captures")
    image = models.FileField(upload_to=capture_path, max_length=200)
    taken_at = models.DateTimeField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    region = models.JSONField(
        null=True, editable=False, help_text="[top, right, bottom, left] where something moved; null: everywhere."
    )
    scene = models.PositiveIntegerField(
        default=0, editable=False, help_text="Counts up when the camera suddenly shows something else."
    )
    status = models.CharField(max_length=12, choices=CaptureStatus, default=CaptureStatus.SAVED)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, editable=False)
    status_at = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["taken_at", "id"]
        indexes = [
            models.Index(
                fields=["status_at"],
                condition=~models.Q(status__in=("done", "failed")),
                name="capture_unsettled",
            )
        ]

    def __str__(self) -> str:
        return f"capture {self.pk}"


class FaceStatus(models.TextChoices):
    PENDING = "pending"
    KNOWN = "known"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    DOUBTFUL = "doubtful", "perhaps no face"


class FaceObservation(models.Model):
    """A face seen in a capture, and who the event decided it is.

    `chip` holds the pixels of the (150, 150, 3) RGB chip from detection until the face is encoded, and nothing before
    and after.
    """

    capture = models.ForeignKey(Capture, on_delete=models.CASCADE, related_name="observations")
    box_top = models.IntegerField()
    box_right = models.IntegerField()
    box_bottom = models.IntegerField()
    box_left = models.IntegerField()
    confidence = models.FloatField(help_text="The detector's, 0 to 1.")
    quality = models.FloatField()
    chip = models.BinaryField(null=True, editable=False)
    encoding = models.BinaryField(null=True, editable=False)
    track = models.PositiveSmallIntegerField(null=True, editable=False)
    status = models.CharField(max_length=10, choices=FaceStatus, default=FaceStatus.PENDING)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="observations")
    distance = models.FloatField(null=True)

    class Meta:
        ordering = ["box_left", "id"]

    def __str__(self) -> str:
        return f"face {self.pk} in {self.capture}"

    @property
    def box(self) -> Box:
        return Box(self.box_top, self.box_right, self.box_bottom, self.box_left)

    @property
    def vector(self) -> Float32Array | None:
        return None if self.encoding is None else encoding_from_bytes(self.encoding)
