"""/metrics, and who may read it."""

from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from rest_framework.authentication import (
    BaseAuthentication,
    SessionAuthentication,
    TokenAuthentication,
    get_authorization_header,
)
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from health.prometheus import CONTENT_TYPE, metrics_text

SCRAPER = "metrics token"


class MetricsToken(BaseAuthentication):
    """`Authorization: Bearer TOKEN` with the METRICS_TOKEN of the configuration; it opens nothing else."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, str] | None:
        kind, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if kind.lower() != "bearer":
            return None
        if not settings.METRICS_TOKEN or not constant_time_compare(token.strip(), settings.METRICS_TOKEN):
            self._refuse()
        return AnonymousUser(), SCRAPER

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _refuse(self) -> NoReturn:
        raise AuthenticationFailed("This is not the METRICS_TOKEN of the doorbell; compare it with the configuration.")


class MayReadMetrics(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth == SCRAPER or request.user.is_authenticated


class OneFormat(DefaultContentNegotiation):
    """A Prometheus server names formats that we do not speak; it takes this one all the same."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class MetricsView(APIView):
    schema = None
    authentication_classes = [MetricsToken, TokenAuthentication, SessionAuthentication]
    permission_classes = [MayReadMetrics]
    content_negotiation_class = OneFormat

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(metrics_text(), content_type=CONTENT_TYPE)
