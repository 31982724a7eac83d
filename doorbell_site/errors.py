"""The one JSON shape of the API's errors: {"code", "detail", "field_errors"?}."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from pipeline.errors import DoorbellError


def json_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into the one shape; None (a 500) for what nobody foresaw."""
    if isinstance(error, DoorbellError):
        return Response({"code": error.code, "detail": str(error)}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
    response = exception_handler(error, context)
    if response is None:
        return None
    response.data = _body(error, response.data)
    return response


def _body(error: Exception, shown: Any) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        fields = shown if isinstance(shown, dict) else {"non_field_errors": shown}
        first = next(iter(fields.values()), ["not valid"])
        detail = first[0] if isinstance(first, list) and first else first
        return {"code": "invalid", "detail": str(detail), "field_errors": fields}
    detail = shown.get("detail", "") if isinstance(shown, dict) else str(shown)
    return {"code": getattr(detail, "code", "error"), "detail": str(detail)}


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    return JsonResponse({"code": "not_found", "detail": f"There is nothing at {request.path}."}, status=404)
