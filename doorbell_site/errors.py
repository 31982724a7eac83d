"""What people and programs read when something is refused.

Under /api/ there is one JSON shape, {"code", "detail", "field_errors"?}; everywhere else a page.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.defaults import ERROR_500_TEMPLATE_NAME
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from faces.people import InvalidName, NameTaken
from pipeline.errors import DoorbellError
from pipeline.ring import UnknownCamera
from pipeline.vision.errors import ModelError
from pipeline.vision.images import ImageError

FIELD_AT_FAULT: dict[type[DoorbellError], str] = {InvalidName: "name", NameTaken: "name", UnknownCamera: "camera"}


def json_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into the one shape; None (a 500) for what nobody foresaw."""
    if isinstance(error, RecursionError):
        error = exceptions.ParseError("The JSON is nested too deeply.")
    if isinstance(error, ModelError):
        return Response({"code": "engine_not_ready", "detail": str(error)}, status.HTTP_503_SERVICE_UNAVAILABLE)
    if isinstance(error, DoorbellError | ImageError):
        return _refused(error)
    response = exception_handler(error, context)
    if response is not None:
        response.data = _body(error, response.data)
    return response


def _refused(error: DoorbellError | ImageError) -> Response:
    body = {"code": error.code, "detail": str(error)}
    field = FIELD_AT_FAULT.get(type(error)) if isinstance(error, DoorbellError) else None
    if field is None:
        return Response(body, status.HTTP_422_UNPROCESSABLE_ENTITY)
    return Response({**body, "field_errors": {field: [str(error)]}}, status.HTTP_400_BAD_REQUEST)


def _body(error: Exception, shown: Any) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        fields = shown if isinstance(shown, dict) else {"non_field_errors": shown}
        return {"code": "invalid", "detail": _first_text(fields), "field_errors": fields}
    detail = shown.get("detail", "") if isinstance(shown, dict) else str(shown)
    return {"code": getattr(detail, "code", "error"), "detail": str(detail)}


def _first_text(fields: dict[str, Any]) -> str:
    for field, texts in fields.items():
        text = texts[0] if isinstance(texts, list) and texts else texts
        return str(text) if field == "non_field_errors" else f"{field}: {text}"
    return "The request is not valid."


class NothingHere(APIView):
    """Every address under /api/ that no other view answers to."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        slash = "" if request.path.endswith("/") else " Addresses end with a slash."
        raise exceptions.NotFound(f"There is nothing at {request.path}.{slash} /api/docs/ lists what there is.")


def error_page(request: HttpRequest, status_code: int, code: str, detail: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse({"code": code, "detail": detail}, status=status_code)
    return render(request, "error.html", {"status": status_code, "detail": detail}, status=status_code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 400, "bad_request", "The request could not be understood. Go back and try again.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = str(exception) or "Your account may not do this. Ask the owner of the doorbell."
    return error_page(request, 403, "permission_denied", detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404, "not_found", f"There is nothing at {request.path}. It may have been deleted.")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was sent without the secret that this site puts into its forms."""
    detail = "The form was too old, or cookies are switched off. Go back, reload the page and try again."
    return error_page(request, 403, "csrf_failed", detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """Nothing here may touch the database: it may be what failed."""
    detail = "The doorbell made a mistake; its log says more. What you did may not have been done."
    if request.path.startswith("/api/"):
        return JsonResponse({"code": "server_error", "detail": detail}, status=500)
    return render(None, ERROR_500_TEMPLATE_NAME, status=500)
