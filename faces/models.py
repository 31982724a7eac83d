"""Who is known: a Person and the photographs that teach the doorbell that face."""

import uuid

import numpy as np
from django.db import models
from django.db.models.functions import Lower

from pipeline.vision.arrays import Float32Array

ENCODING_DIMENSIONS = 128


def encoding_to_bytes(encoding: Float32Array) -> bytes:
    """encoding: (128,) float32. Little-endian, 512 bytes."""
    if encoding.shape != (ENCODING_DIMENSIONS,):
        raise ValueError(f"an encoding has 128 numbers, this one has the shape {encoding.shape}")
    return encoding.astype("<f4").tobytes()


def encoding_from_bytes(stored: bytes | memoryview) -> Float32Array:
    """Return the (128,) float32 vector that `encoding_to_bytes` stored."""
    return np.frombuffer(bytes(stored), dtype="<f4").astype(np.float32)


def sample_path(_sample: "FaceSample", _filename: str) -> str:
    """A name that says nothing about the person and cannot be guessed."""
    name = uuid.uuid4().hex
    return f"samples/{name[:2]}/{name}.png"


class Person(models.Model):
    """Somebody enrolled, known by id; the name is only what people read."""

    name = models.CharField(max_length=100)
    is_blocked = models.BooleanField(
        "blocked", default=False, help_text="On the watch-list: a visit of this person raises the alarm."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "people"
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(Lower("name"), name="person_name_unique")]

    def __str__(self) -> str:
        return self.name


class FaceSample(models.Model):
    """One enrolled photograph, cut to the face, with its encoding."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="samples")
    image = models.FileField(upload_to=sample_path, max_length=200)
    encoding = models.BinaryField(editable=False)
    encoding_model = models.CharField(max_length=20, editable=False)
    quality = models.FloatField(editable=False)
    box_top = models.IntegerField(editable=False)
    box_right = models.IntegerField(editable=False)
    box_bottom = models.IntegerField(editable=False)
    box_left = models.IntegerField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"photo {self.pk} of {self.person}"

    @property
    def vector(self) -> Float32Array:
        return encoding_from_bytes(self.encoding)


class GalleryVersion(models.Model):
    """One row with another number after each change to the enrolled people, so that every process
    knows when the encodings it holds in memory are old."""

    version = models.BigIntegerField(default=0)
