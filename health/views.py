"""/healthz and /readyz, for whatever watches the doorbell; open to everybody."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from health.readiness import find_missing


@login_not_required
@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when a press now would be decided; otherwise 503 and what is missing."""
    missing = find_missing()
    body = {"status": "missing" if missing else "ok", "missing": [each.as_dict() for each in missing]}
    return JsonResponse(body, status=503 if missing else 200)
