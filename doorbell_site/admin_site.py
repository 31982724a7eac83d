"""The admin under the doorbell's own sign-in page, which slows down whoever guesses passwords."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


class DoorbellAdminSite(admin.AdminSite):
    site_title = "Doorbell"
    site_header = "Doorbell administration"
    index_title = "What there is to manage"

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.user.is_authenticated:
            raise PermissionDenied("Your account may not use the administration; ask the owner to make it staff.")
        return redirect_to_login(request.GET.get("next", ""))
