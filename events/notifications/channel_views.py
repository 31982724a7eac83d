"""The pages about channels: what messages go by. Changing takes Django's permissions of the model."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.notifications.channels import KINDS, kind_of
from events.notifications.forms import ChannelForm
from events.notifications.models import NotificationChannel
from events.notifications.testing import send_test
from pipeline.errors import DoorbellError


@permission_required("events.add_notificationchannel", raise_exception=True)
@require_safe
def choose_kind(request: HttpRequest) -> HttpResponse:
    return render(request, "notifications/choose_kind.html", {"kinds": list(KINDS.values())})


@sensitive_post_parameters()
@permission_required("events.add_notificationchannel", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in KINDS or KINDS[kind].is_added_by_itself:
        raise Http404(f"There is no kind of channel {kind}.")
    return _edit(request, ChannelForm(KINDS[kind], None, request.POST or None), None)


@sensitive_post_parameters()
@permission_required("events.change_notificationchannel", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    channel = get_object_or_404(NotificationChannel, pk=pk)
    try:
        kind = kind_of(channel)
    except DoorbellError as error:
        raise Http404(str(error)) from error
    return _edit(request, ChannelForm(kind, channel, request.POST or None), channel)


@permission_required("events.change_notificationchannel", raise_exception=True)
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    channel = get_object_or_404(NotificationChannel, pk=pk)
    try:
        send_test(channel)
    except DoorbellError as error:
        messages.error(request, f"{channel.name} did not take the test message: {error}")
    else:
        messages.success(request, f"A test message went out by {channel.name}.")
    return redirect("notifications")


@permission_required("events.delete_notificationchannel", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    channel = get_object_or_404(NotificationChannel, pk=pk)
    if request.method != "POST":
        return render(request, "notifications/delete_channel.html", {"channel": channel})
    channel.delete()
    messages.success(request, f"The channel {channel.name} is deleted.")
    return redirect("notifications")


def _edit(request: HttpRequest, form: ChannelForm, channel: NotificationChannel | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, f"{saved.name} is saved. Send a test message to see whether it arrives.")
        return redirect("notifications")
    return render(request, "notifications/channel.html", {"form": form, "kind": form.kind, "channel": channel})
