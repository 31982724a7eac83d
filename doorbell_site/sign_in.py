"""The sign-in page. Guessing passwords is slow: per account and address, and per address."""

from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from rest_framework.throttling import SimpleRateThrottle


class SignInAs(SimpleRateThrottle):
    """Attempts on one account from one address."""

    scope = "sign_in_as"

    def get_cache_key(self, request: Any, view: Any) -> str:
        name = request.POST.get("username", "")[:150].lower()
        return self.cache_format % {"scope": self.scope, "ident": f"{self.get_ident(request)}:{name.encode().hex()}"}


class SignInFrom(SimpleRateThrottle):
    """Attempts on any account from one address."""

    scope = "sign_in_from"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class SignIn(LoginView):
    template_name = "sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wait_s = self._seconds_to_wait(request)
        if wait_s is None:
            return super().post(request, *args, **kwargs)
        form = self.get_form()
        form.is_bound = False  # its password must not be checked
        context = self.get_context_data(form=form, wait_s=wait_s)
        return self.render_to_response(context, status=429, headers={"Retry-After": str(wait_s)})

    def _seconds_to_wait(self, request: Any) -> int | None:
        """None: go on. Every attempt counts, in both throttles."""
        throttles = [SignInAs(), SignInFrom()]
        refused = [throttle for throttle in throttles if not throttle.allow_request(request, self)]  # type: ignore[arg-type]
        return max((round(throttle.wait() or 60) + 1 for throttle in refused), default=None)
