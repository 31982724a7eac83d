"""Cameras, events and captures in the administration. What happened is read and deleted, not edited."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

import events.notifications.admin  # noqa: F401 - Django finds an app's admin from here
from events import telling
from events.browsing import captures_to_show, events_to_show
from events.models import Camera, Capture, Event
from events.removal import delete_events
from faces.forms import NameField
from pipeline.hardware.errors import CameraError
from pipeline.hardware.source import mask_credentials, parse_source


class CameraForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy alone
    name = NameField()

    class Meta:
        model = Camera
        fields = ["name", "source", "is_enabled", "min_face_px"]

    def clean_source(self) -> str:
        source: str = self.cleaned_data["source"].strip()
        try:
            if source:
                parse_source(source)
        except CameraError as error:
            raise forms.ValidationError(telling.capitalized(str(error))) from error
        return source


@admin.register(Camera)
class CameraAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = CameraForm
    list_display = ["name", "shown_source", "is_enabled", "is_live", "state_text", "seen_at"]
    list_filter = ["is_enabled"]
    search_fields = ["name"]
    readonly_fields = ["state", "state_text", "seen_at", "created_at"]

    @admin.display(description="source", ordering="source")
    def shown_source(self, camera: Camera) -> str:
        return mask_credentials(camera.source)

    @admin.display(description="live", boolean=True)
    def is_live(self, camera: Camera) -> bool:
        return camera.is_live


class ReadOnly(admin.options.BaseModelAdmin):  # type: ignore[type-arg]
    """Rows that the doorbell writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CaptureInline(ReadOnly, admin.StackedInline):  # type: ignore[type-arg]
    model = Capture
    extra = 0
    can_delete = False
    fields = readonly_fields = ("picture", "taken_at", "status", "error")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Capture]:
        return captures_to_show()

    @admin.display
    def picture(self, capture: Capture) -> SafeString:
        return show_framed(capture)


@admin.register(Event)
class EventAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    inlines = [CaptureInline]
    list_display = ["thumb", "id", "who", "started_at", "trigger", "camera", "outcome", "decided_ms"]
    list_display_links = ["thumb", "id", "who"]
    list_filter = ["outcome", "trigger", "camera", "started_at"]
    date_hierarchy = "started_at"
    search_fields = ["captures__observations__person__name", "camera__name", "reason"]
    search_help_text = "A person's name, a camera's name, or words of the reason."
    list_per_page = 25
    show_full_result_count = False
    fields = readonly_fields = (
        "who", "outcome", "reason", "trigger", "camera", "started_at", "decided_at", "decided_ms", "settled_at",
    )  # fmt: skip

    class Media:
        css = {"all": ["doorbell_site/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return events_to_show()

    @admin.display
    def who(self, event: Event) -> str:
        return telling.who(event)

    @admin.display(description="")
    def thumb(self, event: Event) -> SafeString | None:
        best = telling.cover(event)
        return show_small(best) if best else None

    @admin.display(description="decided in, ms")
    def decided_ms(self, event: Event) -> int | None:
        return event.decided_ms

    def delete_model(self, request: HttpRequest, obj: Event) -> None:
        delete_events([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        delete_events(queryset)


@admin.register(Capture)
class CaptureAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Deleted with their event: half a visit would tell something untrue."""

    list_display = ["thumb", "id", "event", "taken_at", "size", "status", "faces"]
    list_display_links = ["thumb", "id"]
    list_filter = ["status", "event__trigger", "event__camera", "taken_at"]
    date_hierarchy = "taken_at"
    ordering = ["-taken_at", "-id"]
    search_fields = ["observations__person__name", "error"]
    list_per_page = 25
    show_full_result_count = False
    fields = readonly_fields = ("picture", "event", "taken_at", "size", "status", "status_at", "attempts", "error")

    class Media:
        css = {"all": ["doorbell_site/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Capture]:
        return captures_to_show().select_related("event").order_by("-taken_at", "-id")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # An event's page asks here whether its captures may go with it.
        return request.resolver_match is not None and "events_event" in (request.resolver_match.url_name or "")

    @admin.display(description="")
    def thumb(self, capture: Capture) -> SafeString:
        return show_small(capture)

    @admin.display
    def picture(self, capture: Capture) -> SafeString:
        return show_framed(capture)

    @admin.display
    def size(self, capture: Capture) -> str:
        return f"{capture.width} x {capture.height}"

    @admin.display
    def faces(self, capture: Capture) -> str:
        names = [face.person.name if face.person else face.status for face in capture.observations.all()]
        return ", ".join(names)


def show_small(capture: Capture) -> SafeString:
    url = reverse("capture-small", args=[capture.pk])
    return format_html('<img class="thumb" src="{}" alt="Capture {}" loading="lazy">', url, capture.pk)


def show_framed(capture: Capture) -> SafeString:
    return render_to_string("events/framed.html", {"capture": capture})
