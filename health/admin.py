"""Health in the administration: read and deleted, never written by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from health.models import HealthSnapshot, RecoveryAttempt


class Observed(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy alone
    """Rows that the doorbell writes."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(HealthSnapshot)
class HealthSnapshotAdmin(Observed):
    list_display = ["taken_at", "state", "score", "troubles", "cpu_percent", "memory_percent", "press_p95_ms"]
    list_filter = ["state", "taken_at"]
    date_hierarchy = "taken_at"

    @admin.display(description="what was found")
    def troubles(self, snapshot: HealthSnapshot) -> SafeString:
        return format_html_join(" ", "{}", ((finding["text"],) for finding in snapshot.findings))


@admin.register(RecoveryAttempt)
class RecoveryAttemptAdmin(Observed):
    list_display = ["started_at", "process", "number", "result", "cause", "detail", "ended_at"]
    list_filter = ["result", "process", "started_at"]
    date_hierarchy = "started_at"
