"""Refuse what is too large before it is parsed."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from doorbell_site.errors import error_page


class RequestSizeLimit:
    """Pictures come as multipart/form-data and may be large; nothing else may.

    A body without Content-Length is read by neither Django nor DRF, so that the header is enough.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_multipart = request.content_type == "multipart/form-data"
        limit = settings.MAX_REQUEST_BYTES if is_multipart else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = request.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > limit:
            detail = f"The request has {int(length):,} bytes, the limit is {limit:,}; send less at once."
            return error_page(request, 413, "too_large", detail)
        return self.get_response(request)
