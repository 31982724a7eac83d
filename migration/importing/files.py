"""Pictures on their way into the media storage."""

from typing import Protocol

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.crypto import salted_hmac

from migration.legacy.pictures import JPEG_QUALITY
from migration.legacy.text import storable
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.geometry import Box
from pipeline.vision.images import encode_jpeg

SAMPLE_MARGIN = 0.6  # of the box, as faces.enrollment keeps around a face


class Files(Protocol):
    def store(self, folder: str, key: str, jpeg: bytes) -> str:
        """Keep a JPEG under `folder` and return its name in the storage."""
        ...

    def forget(self, name: str) -> None: ...


class StoredFiles:
    """The same key always has the same name, so that an import that was killed and runs again overwrites
    what it had written. The name cannot be guessed, as those that the doorbell gives cannot."""

    def store(self, folder: str, key: str, jpeg: bytes) -> str:
        name = f"{folder}/{salted_hmac('migration.importing', storable(f'{folder}:{key}')).hexdigest()[:32]}.jpg"
        if default_storage.exists(name):
            default_storage.delete(name)
        return default_storage.save(name, ContentFile(jpeg))

    def forget(self, name: str) -> None:
        if name:
            default_storage.delete(name)


class NoFiles:
    """For a dry run."""

    def store(self, folder: str, key: str, jpeg: bytes) -> str:
        return ""

    def forget(self, name: str) -> None:
        """There is nothing."""


def cut_out(frame: UInt8Array, box: Box) -> tuple[bytes, Box]:
    """Return a JPEG of the face with a margin, and the box in it: a sample shows nobody else's living room."""
    margin = round(max(box.width, box.height) * SAMPLE_MARGIN)
    part = Box(box.top - margin, box.right + margin, box.bottom + margin, box.left - margin)
    part = part.clipped(*frame.shape[:2])
    jpeg = encode_jpeg(frame[part.top : part.bottom, part.left : part.right], quality=JPEG_QUALITY)
    return jpeg, Box(box.top - part.top, box.right - part.left, box.bottom - part.top, box.left - part.left)
