"""What people send."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from pipeline.vision.images import ImageError


def read_picture(upload: "UploadedFile[bytes]") -> bytes:
    """Return the bytes of a picture that was sent. Raises ImageError, unread, when it is too large."""
    size = upload.size or 0
    if size > settings.MAX_PICTURE_BYTES:
        limit = settings.MAX_PICTURE_BYTES
        raise ImageError("too_large", f"the picture has {size:,} bytes, the limit is {limit:,}; send a smaller one")
    return bytes(upload.read())
