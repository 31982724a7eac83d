"""The pages about rules: which visits are told to whom."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from events.notifications.forms import RuleForm
from events.notifications.models import NotificationRule
from events.notifications.rulebook import write_down_defaults

POSITION_STEP = 10


@permission_required("events.add_notificationrule", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """A new rule is read first: it is an exception from those there are, which stay as they are."""
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        write_down_defaults()
        _put_first(form.save(commit=False))
        messages.success(request, f"The rule {form.instance.name} is saved, and read before the others.")
        return redirect("notifications")
    return render(request, "notifications/rule.html", {"form": form})


@permission_required("events.change_notificationrule", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(NotificationRule, pk=pk)
    form = RuleForm(request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"The rule {rule.name} is saved.")
        return redirect("notifications")
    return render(request, "notifications/rule.html", {"form": form, "rule": rule})


@permission_required("events.change_notificationrule", raise_exception=True)
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up or down: `to` says which."""
    with transaction.atomic():
        rules = list(NotificationRule.objects.select_for_update())
        index = next((number for number, rule in enumerate(rules) if rule.pk == pk), None)
        if index is not None:
            other = index - 1 if request.POST.get("to") == "up" else index + 1
            if 0 <= other < len(rules):
                rules[index], rules[other] = rules[other], rules[index]
        _number(rules)
    return redirect("notifications")


@permission_required("events.delete_notificationrule", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(NotificationRule, pk=pk)
    if request.method != "POST":
        return render(request, "notifications/delete_rule.html", {"rule": rule})
    rule.delete()
    messages.success(request, f"The rule {rule.name} is deleted.")
    return redirect("notifications")


@permission_required("events.add_notificationrule", raise_exception=True)
@require_POST
def write_down(request: HttpRequest) -> HttpResponse:
    if count := write_down_defaults():
        messages.success(request, f"The {count} default rules can be changed now.")
    return redirect("notifications")


def _put_first(rule: NotificationRule) -> None:
    with transaction.atomic():
        others = list(NotificationRule.objects.select_for_update())
        rule.save()
        _number([rule, *others])


def _number(rules: list[NotificationRule]) -> None:
    for number, rule in enumerate(rules, start=1):
        rule.position = number * POSITION_STEP
    NotificationRule.objects.bulk_update(rules, ["position"])
