"""The page on which a browser asks to be told. Everybody who signs in may ask for a browser of theirs."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from events.notifications.channels import browser, create_channel
from events.notifications.channels.base import InvalidConfig
from events.notifications.models import NotificationChannel
from events.notifications.testing import send_test
from events.notifications.web_push import is_push_service, sender_public_key
from pipeline.errors import DoorbellError

BROWSERS_MAX = 20  # of one person


class SubscriptionForm(forms.Form):
    name = forms.CharField(max_length=40)
    endpoint = forms.URLField(max_length=1000, assume_scheme="https")
    p256dh = forms.CharField(max_length=200)
    auth = forms.CharField(max_length=100)

    def clean_endpoint(self) -> str:
        endpoint: str = self.cleaned_data["endpoint"]
        if not is_push_service(endpoint):
            raise forms.ValidationError("That push service is not on the list WEB_PUSH_HOSTS.")
        return endpoint

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                browser.KIND.open(cleaned)
            except InvalidConfig as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned


@require_safe
def this_browser(request: HttpRequest) -> HttpResponse:
    mine = NotificationChannel.objects.filter(owner=_user(request), kind=browser.KIND.name)
    return render(request, "notifications/this_browser.html", {"key": sender_public_key(), "browsers": mine})


@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Called by the page's script; the same browser again replaces its channel."""
    form = SubscriptionForm(request.POST)
    if not form.is_valid():
        text = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"code": "invalid", "detail": text}, status=400)
    user, config = _user(request), form.cleaned_data
    name = f"{config.pop('name')} of {user.get_username()}"[:60]
    same = [each for each in _browsers(user) if _endpoint(each) == config["endpoint"]]
    if not same and len(_browsers(user)) >= BROWSERS_MAX:
        return JsonResponse({"code": "too_many", "detail": f"You have {BROWSERS_MAX} browsers already."}, status=400)
    channel = same[0] if same else create_channel(name, browser.KIND, config, owner=user)
    if same:
        channel.config, channel.is_enabled, channel.failures = config, True, 0
        channel.save()
    return _tested(request, channel)


@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    channel = get_object_or_404(NotificationChannel, pk=pk, owner=_user(request), kind=browser.KIND.name)
    channel.delete()
    messages.success(request, f"{channel.name} is told of nothing any more.")
    return redirect("this-browser")


def _tested(request: HttpRequest, channel: NotificationChannel) -> HttpResponse:
    try:
        send_test(channel)
    except DoorbellError as error:
        messages.error(request, f"{channel.name} did not take the test message: {error}")
    else:
        messages.success(request, "A test message is on its way to this browser.")
    return JsonResponse({"name": channel.name}, status=201)


def _browsers(user: User) -> list[NotificationChannel]:
    return list(NotificationChannel.objects.filter(owner=user, kind=browser.KIND.name))


def _endpoint(channel: NotificationChannel) -> str:
    try:
        return str(channel.config.get("endpoint", ""))
    except DoorbellError:
        return ""


def _user(request: HttpRequest) -> User:
    """Every page asks for a sign-in."""
    assert isinstance(request.user, User)  # noqa: S101 - for mypy; the middleware has seen to it
    return request.user
