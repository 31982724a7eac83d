"""The page about who is told of what, and the pictures that messages link to."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events.models import Capture
from events.notifications.channels import describe, kind_label
from events.notifications.describing import Names, describe_rule
from events.notifications.models import Notification, NotificationChannel, NotificationRule
from events.notifications.outbox import try_again
from events.notifications.picture_links import capture_of
from events.notifications.rulebook import defaults, household_quiet, rule_of
from faces.pictures import send_picture

NOTIFICATIONS_PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class ShownChannel:
    row: NotificationChannel
    kind: str
    settings: str


@dataclass(frozen=True, slots=True)
class ShownRule:
    """`row` None: a default, which cannot be changed before it is written down."""

    name: str
    text: str
    row: NotificationRule | None = None


@permission_required("events.view_notificationchannel", raise_exception=True)
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    sent = Notification.objects.select_related("channel", "event")
    context = {
        "channels": [
            ShownChannel(row, kind_label(row.kind), describe(row)) for row in NotificationChannel.objects.all()
        ],
        "rules": _rules(),
        "page": Paginator(sent, NOTIFICATIONS_PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "notifications/notifications.html", context)


@permission_required("events.change_notification", raise_exception=True)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    if try_again([get_object_or_404(Notification, pk=pk)]):
        messages.success(request, "It is on its way again.")
    else:
        messages.info(request, "There is nothing to send again.")
    return redirect("notifications")


@login_not_required
@never_cache
@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """For whom a message gave the link to; it proves itself and runs out."""
    pk = capture_of(token)
    if pk is None:
        raise Http404("The link has run out, or is not one of ours.")
    return send_picture(request, get_object_or_404(Capture, pk=pk).image)


def _rules() -> list[ShownRule]:
    names = Names.load()
    rows = list(NotificationRule.objects.all())
    if not rows:
        return [ShownRule(rule.name, describe_rule(rule, names)) for rule in defaults()]
    quiet = household_quiet()
    return [ShownRule(row.name, describe_rule(rule_of(row, quiet), names), row) for row in rows]
