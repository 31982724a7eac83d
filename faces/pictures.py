"""Send stored pictures to those who may see them, small where small is enough."""

import hashlib
from collections.abc import Callable

from django.core.cache import cache
from django.core.files.storage import Storage
from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import decode_image, encode_jpeg, resize_to_width

BROWSER_KEEPS_S = 3600
MEMORY_KEEPS_S = 3600
SMALL_JPEG_QUALITY = 80


def send_picture(request: HttpRequest, picture: FieldFile) -> HttpResponse:
    """Answer with the stored picture as it is. Raises Http404 when its file is gone."""
    kind = "image/png" if (picture.name or "").endswith(".png") else "image/jpeg"
    return _send(request, picture.name or "", read_file(picture.storage, picture.name), kind)


def send_smaller(request: HttpRequest, picture: FieldFile, *, width: int) -> HttpResponse:
    """Answer with the picture shrunk to `width` pixels. Raises Http404 when its file is gone."""
    return send_made(request, picture, f"width-{width}", lambda frame: resize_to_width(frame, width))


def send_made(
    request: HttpRequest, picture: FieldFile, label: str, make: Callable[[UInt8Array], UInt8Array]
) -> HttpResponse:
    """Answer with what `make` makes of the (H, W, 3) RGB picture, and remember it under `label` for a
    while: in this process's memory, so that nothing of a deleted picture stays on the disk."""
    name = f"{picture.name}:{label}"
    key = f"picture:{_tag(name)}"
    jpeg: bytes | None = cache.get(key)
    if jpeg is None:
        jpeg = encode_jpeg(make(decode_image(read_file(picture.storage, picture.name))), quality=SMALL_JPEG_QUALITY)
        cache.set(key, jpeg, MEMORY_KEEPS_S)
    return _send(request, name, jpeg)


def read_file(storage: Storage, name: str | None) -> bytes:
    """Return the whole file: it was written by us and is small. Raises Http404 when it is gone."""
    try:
        with storage.open(name or "") as file:
            return bytes(file.read())
    except OSError as error:
        raise Http404("The picture's file is gone.") from error


def _send(request: HttpRequest, name: str, picture: bytes, kind: str = "image/jpeg") -> HttpResponse:
    response = HttpResponse(picture, content_type=kind)
    response.headers["Cache-Control"] = f"private, max-age={BROWSER_KEEPS_S}"
    response.headers["ETag"] = etag = f'"{_tag(name)}"'  # a stored picture never changes: its name is enough
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = "inline"
    return get_conditional_response(request, etag=etag, response=response) or response


def _tag(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:24]
