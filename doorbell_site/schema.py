"""The part of the OpenAPI description that is the same for every call: how it says no."""

from typing import Any

from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from doorbell_site.content_policy import HEADER, POLICY

ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Every error has this shape.",
    "properties": {
        "code": {"type": "string", "description": "For programs.", "example": "not_found"},
        "detail": {"type": "string", "description": "For people: what happened and what to do."},
        "field_errors": {"type": "object", "additionalProperties": True, "description": "What is wrong, by field."},
    },
    "required": ["code", "detail"],
}
METHODS = {"get", "post", "put", "patch", "delete"}


class ApiPages(SpectacularSwaggerSplitView):
    """The pages that try the API out. Their library writes styles into the page."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        page: Response = super().finalize_response(request, response, *args, **kwargs)
        page.headers[HEADER] = f"{POLICY}; style-src 'self' 'unsafe-inline'"
        return page


def describe_errors(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """A drf-spectacular hook: add the errors that each call can answer with."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR_SCHEMA
    for path, calls in result["paths"].items():
        for method, call in calls.items():
            if method in METHODS:
                _describe_errors_of(call, _errors_of(path, method, call))
    return result


def _describe_errors_of(call: dict[str, Any], errors: dict[str, str]) -> None:
    """Those that the view itself describes keep their words."""
    for status, description in errors.items():
        call["responses"].setdefault(status, {"description": description})
    for status, response in call["responses"].items():
        if status.startswith("4"):
            response["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}


def _errors_of(path: str, method: str, call: dict[str, Any]) -> dict[str, str]:
    errors = {"401": "No session and no valid token."}
    if "{" in path:
        errors["404"] = "There is no such row."
    if "requestBody" in call or any(parameter["in"] == "query" for parameter in call.get("parameters", [])):
        errors["400"] = "A field or filter is not valid; field_errors says which."
    if method != "get":
        errors["403"] = "The user may not do this."
    if "requestBody" in call:
        errors["413"] = "The request is too large."
        errors["415"] = "The content type is not taken here."
    return errors
