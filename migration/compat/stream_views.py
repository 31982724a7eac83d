"""Old addresses that answer for as long as the client listens."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from rest_framework import status
from rest_framework.request import Request

from migration.compat.device_views import describe_doorbell
from migration.compat.old_views import UNAVAILABLE, OldView, Refused
from migration.compat.streams import (
    BOUNDARY,
    QUALITIES,
    event_words,
    let_go_of_database,
    open_streams,
    status_words,
    video_parts,
)
from pipeline.ring import default_camera

NEEDS_ASGI = (
    "streams need an ASGI server, as ./doorbell run starts it; ask /api/events/ and /api/health/ from time to time"
)
GET_ONLY = ["get", "options"]  # a HEAD would keep a stream open that nobody reads
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(OldView):
    http_method_names = GET_ONLY

    def get(self, request: Request) -> StreamingHttpResponse:
        """Server-Sent Events: connected, heartbeat, doorbell_pressed, event_processed."""
        check_room(request)
        return _stream(event_words(), "text/event-stream")


class StatusStream(OldView):
    http_method_names = GET_ONLY

    def get(self, request: Request) -> StreamingHttpResponse:
        """Server-Sent Events: status_connected, system_status."""
        check_room(request)
        return _stream(status_words(describe_doorbell), "text/event-stream")


class VideoStream(OldView):
    http_method_names = GET_ONLY

    def get(self, request: Request, client_id: str) -> StreamingHttpResponse:
        """MJPEG of the first camera. client_id: whatever the client likes; nothing is kept under it."""
        quality = QUALITIES.get(request.query_params.get("quality", "medium"))
        if quality is None:
            raise Refused(f"quality is {' or '.join(QUALITIES)}")
        check_room(request)
        camera = default_camera()
        if camera is None or not camera.is_live:
            raise Refused("no camera is running; start the doorbell", UNAVAILABLE)
        return _stream(video_parts(camera.pk, quality), f"multipart/x-mixed-replace; boundary={BOUNDARY}")


def check_room(request: Request) -> None:
    """Raises Refused."""
    if not isinstance(request._request, ASGIRequest):
        raise Refused(NEEDS_ASGI, status.HTTP_501_NOT_IMPLEMENTED)
    if open_streams.is_full:
        raise Refused("too many clients listen already; close one, or try again later", UNAVAILABLE)


def _stream(parts: AsyncGenerator[bytes], kind: str) -> StreamingHttpResponse:
    let_go_of_database()
    return StreamingHttpResponse(parts, content_type=kind, headers=HEADERS)
