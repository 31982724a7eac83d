"""What every old address has in common: who may use it, and what its errors look like."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db import DatabaseError
from django.utils import timezone
from rest_framework import exceptions, status
from rest_framework.exceptions import APIException
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from doorbell_site.errors import json_error
from pipeline.errors import DoorbellError
from pipeline.vision.errors import ModelError

logger = logging.getLogger(__name__)

BAD_REQUEST = status.HTTP_400_BAD_REQUEST
UNAVAILABLE = status.HTTP_503_SERVICE_UNAVAILABLE


class Refused(APIException):
    """The old system's {"status": "error", "message"} with a status of ours."""

    def __init__(self, message: str, status_code: int = BAD_REQUEST) -> None:
        super().__init__(message)
        self.status_code = status_code


class Always(DefaultContentNegotiation):
    """Old clients ask for nothing in particular, event streams and pictures for their own type."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or "application/json"


class OldView(APIView):
    """A session or a token is needed, which the old system did not ask for; sessions need the CSRF token to post.

    needs: Django permissions by HTTP method, beyond being signed in.
    """

    schema = None
    content_negotiation_class = Always
    needs: ClassVar[Mapping[str, Sequence[str]]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not request.user.has_perms(self.needs.get(request.method or "", ())):
            raise exceptions.PermissionDenied("Your account may not do this. Ask the owner of the doorbell.")

    def get_exception_handler(self) -> Any:
        return old_error


def old_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """None, a 500, for what nobody foresaw."""
    if isinstance(error, DatabaseError):
        logger.error("an old address failed: %s", error)
        return _error("The database does not answer; try again.", UNAVAILABLE)
    response = json_error(error, context)
    if response is None:
        return None
    if isinstance(error, ModelError):
        response.status_code = UNAVAILABLE
    elif isinstance(error, DoorbellError):
        response.status_code = BAD_REQUEST
    body = response.data or {}
    response.data = {"status": "error", "message": str(body.get("detail", "")), "code": body.get("code", "error")}
    return response


def _error(message: str, status_code: int) -> Response:
    return Response({"status": "error", "message": message}, status_code)


def success(**facts: Any) -> Response:
    """With the time, as the old answers had it; ISO 8601 with the zone."""
    return Response({"status": "success", **facts, "timestamp": timezone.localtime().isoformat()})


def read_object(request: Request) -> Mapping[str, Any]:
    """The JSON object or form that was sent; an empty body is an empty one. Raises Refused."""
    sent = request.data
    if not isinstance(sent, Mapping):
        raise Refused(f"a JSON object is expected, not {type(sent).__name__}")
    return sent


def read_text(sent: Mapping[str, Any], field: str, default: str | None = None, *, most: int = 1000) -> str:
    """Raises Refused for what is no text, or empty where there is no default."""
    value = sent.get(field, default)
    if value is None or value == "":
        raise Refused(f"{field} is missing")
    if not isinstance(value, str):
        raise Refused(f"{field} is a text, not {type(value).__name__}")
    if len(value) > most:
        raise Refused(f"{field} has {len(value)} characters; use at most {most}")
    return value
