"""Serve style sheets and icons whole: Django under ASGI warns of every response that streams from a plain file."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class WholeFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise has no types
    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        streamed = WhiteNoiseMiddleware.serve(static_file, request)
        return HttpResponse(b"".join(streamed.streaming_content), status=streamed.status_code, headers=streamed.headers)
