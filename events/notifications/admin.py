"""Channels, rules and messages in the administration. What a channel needs to know is entered on its
own page, which never shows a secret again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from events.notifications.channels import describe, kind_label
from events.notifications.describing import Names, describe_rule
from events.notifications.forms import RuleForm
from events.notifications.models import Notification, NotificationChannel, NotificationRule
from events.notifications.outbox import try_again
from events.notifications.rulebook import household_quiet, rule_of, write_down_defaults
from events.notifications.testing import send_test
from pipeline.errors import DoorbellError


@admin.register(NotificationChannel)
class NotificationChannelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy alone
    list_display = ["name", "kind_label", "settings", "is_enabled", "is_told_everything", "last_sent_at", "last_error"]
    list_filter = ["kind", "is_enabled"]
    search_fields = ["name"]
    fields = ["name", "kind_label", "settings", "is_enabled", "is_told_everything", "last_sent_at", "last_error"]
    readonly_fields = ["kind_label", "settings", "last_sent_at", "last_error"]
    actions = ["send_a_test"]

    @admin.display(description="kind")
    def kind_label(self, channel: NotificationChannel) -> str:
        return kind_label(channel.kind)

    @admin.display
    def settings(self, channel: NotificationChannel) -> SafeString:
        page = reverse("channel", args=[channel.pk])
        return format_html('{} <a href="{}">change</a>', describe(channel), page)

    @admin.action(description="Send a test message")
    def send_a_test(self, request: HttpRequest, channels: QuerySet[NotificationChannel]) -> None:
        for channel in channels:
            try:
                send_test(channel)
            except DoorbellError as error:
                self.message_user(request, f"{channel.name}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{channel.name} took the test message.", messages.SUCCESS)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return redirect("choose-channel-kind")


@admin.register(NotificationRule)
class NotificationRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = RuleForm
    list_display = ["name", "position", "is_enabled", "sentence"]
    list_editable = ["position", "is_enabled"]
    search_fields = ["name"]

    def save_model(self, request: HttpRequest, obj: NotificationRule, form: Any, change: bool) -> None:
        if not change:
            write_down_defaults()  # a first rule of one's own does not silence the defaults
        super().save_model(request, obj, form, change)

    @admin.display
    def sentence(self, rule: NotificationRule) -> str:
        return describe_rule(rule_of(rule, household_quiet()), Names.load())


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only; what failed can be sent again."""

    list_display = [
        "id",
        "title",
        "channel",
        "step",
        "status",
        "priority",
        "attempts",
        "created_at",
        "sent_at",
        "error",
    ]
    list_filter = ["status", "channel", "step", "priority", "created_at"]
    list_select_related = ["channel", "event"]
    date_hierarchy = "created_at"
    search_fields = ["title", "body", "error"]
    list_per_page = 25
    show_full_result_count = False
    fields = readonly_fields = (
        "event", "channel", "step", "status", "priority", "title", "body", "error", "attempts", "created_at",
        "next_try_at", "sent_at",
    )  # fmt: skip
    actions = ["send_again"]

    @admin.action(description="Try again to send", permissions=["send"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Notification]) -> None:
        self.message_user(request, f"{try_again(rows)} on their way again.", messages.SUCCESS)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("events.change_notification")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
