"""The review list, the imports and the old names, in the administration."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from faces.pictures import send_smaller
from migration.importing.old_names import alias_key, resolve_old_names
from migration.importing.tables import Tables
from migration.models import ImportRun, PersonAlias, ReviewItem, ReviewStatus
from migration.settling import accept, discard
from pipeline.errors import DoorbellError

THUMB_PX = 120
Settle = Callable[[ReviewItem], None]


class OpenFirst(admin.SimpleListFilter):
    """Shows what waits; the rest on demand."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "all"), *((value, label) for value, label in ReviewStatus.choices if value != "open")]

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        yield {**first, "display": "waiting"}
        yield from rest

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> QuerySet[ReviewItem]:
        if self.value() == "all":
            return queryset
        return queryset.filter(status=self.value() or ReviewStatus.OPEN)


@admin.register(ReviewItem)
class ReviewItemAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic for mypy alone
    list_display = ["thumb", "name", "is_blocked", "kind", "reason", "source", "settle"]
    list_display_links = ["name", "source"]
    list_filter = [OpenFirst, "kind", "is_blocked"]
    search_fields = ["name", "source", "reason"]
    list_per_page = 50
    actions = ["accept_items", "discard_items"]
    fields = ["thumb", "name", "is_blocked", "kind", "reason", "source", "old_names", "taken_at", "status", "settle"]
    readonly_fields = ["thumb", "kind", "reason", "source", "old_names", "taken_at", "status", "settle"]

    class Media:
        css = {"all": ["doorbell_site/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # A deleted row would be asked for again by the next import; discarding keeps the answer.
        return False

    def has_change_permission(self, request: HttpRequest, obj: ReviewItem | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status == ReviewStatus.OPEN)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/picture/", wrap(self.picture), name="migration_reviewitem_picture"),
            path("<int:pk>/accept/", wrap(require_POST(self.accept_one)), name="migration_reviewitem_accept"),
            path("<int:pk>/discard/", wrap(require_POST(self.discard_one)), name="migration_reviewitem_discard"),
            *super().get_urls(),
        ]

    def picture(self, request: HttpRequest, pk: int) -> HttpResponse:
        return send_smaller(request, get_object_or_404(ReviewItem, pk=pk).image, width=2 * THUMB_PX)

    def accept_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._settled_one(request, pk, accept, "accepted")

    def discard_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._settled_one(request, pk, discard, "discarded")

    @admin.action(description="Accept: enroll the faces, make visits of stray pictures", permissions=["change"])
    def accept_items(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> None:
        self._settle_all(request, queryset, accept, "accepted")

    @admin.action(description="Discard: forget the pictures, and do not ask again", permissions=["change"])
    def discard_items(self, request: HttpRequest, queryset: QuerySet[ReviewItem]) -> None:
        self._settle_all(request, queryset, discard, "discarded")

    def _settled_one(self, request: HttpRequest, pk: int, settle: Settle, done: str) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        self._settle_all(request, ReviewItem.objects.filter(pk=pk), settle, done)
        return HttpResponseRedirect(reverse("admin:migration_reviewitem_changelist"))

    def _settle_all(self, request: HttpRequest, items: QuerySet[ReviewItem], settle: Settle, done: str) -> None:
        count = 0
        for item in items:
            try:
                settle(item)
                count += 1
            except (DoorbellError, OSError) as error:
                self.message_user(request, f"{item}: {error}", messages.ERROR)
        if count:
            self.message_user(request, f"{count} {done}.", messages.SUCCESS)

    @admin.display(description="")
    def thumb(self, item: ReviewItem) -> SafeString | str:
        if not item.image:
            return "no picture"
        url = reverse("admin:migration_reviewitem_picture", args=[item.pk])
        return format_html('<img src="{}" alt="" width="{}" loading="lazy">', url, THUMB_PX)

    @admin.display(description="old names")
    def old_names(self, item: ReviewItem) -> SafeString:
        return format_html_join(", ", "{}", ((name,) for name in item.aliases))

    @admin.display(description="decide")
    def settle(self, item: ReviewItem) -> SafeString | str:
        """The list is one form already; each button sends it elsewhere, with its token."""
        if item.status != ReviewStatus.OPEN:
            return f"{item.get_status_display()} {item.settled_at:%Y-%m-%d %H:%M}"
        return format_html_join(
            " ",
            '<button type="submit" class="button" formmethod="post" formnovalidate formaction="{}">{}</button>',
            (
                (reverse(f"admin:migration_reviewitem_{word}", args=[item.pk]), word.capitalize())
                for word in ("accept", "discard")
            ),
        )


@admin.register(ImportRun)
class ImportRunAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["id", "source", "timezone", "started_at", "finished_at", "origin"]
    list_filter = ["origin"]
    fields = readonly_fields = (
        "source",
        "origin",
        "timezone",
        "started_at",
        "finished_at",
        "shown_counts",
        "shown_notes",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="counts")
    def shown_counts(self, run: ImportRun) -> SafeString:
        lines = (
            (kind, ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()))
            for kind, verdicts in run.counts.items()
        )
        return format_html_join("", "<div>{}: {}</div>", lines)

    @admin.display(description="notes")
    def shown_notes(self, run: ImportRun) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((note,) for note in run.notes.get("notes", [])))


class OldNameForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = PersonAlias
        fields = ["name", "person"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = PersonAlias.objects.filter(key=alias_key(name)).exclude(pk=self.instance.pk).select_related("person")
        if not alias_key(name):
            raise forms.ValidationError("A name needs at least one letter.")
        if other := others.first():
            raise forms.ValidationError(f"This old name leads to {other.person} already; change it there.")
        return name


@admin.register(PersonAlias)
class PersonAliasAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Add one, and the old visits that carry it are the person's."""

    form = OldNameForm
    list_display = ["name", "person"]
    list_select_related = ["person"]
    search_fields = ["name", "person__name"]
    autocomplete_fields = ["person"]

    def save_model(self, request: HttpRequest, obj: PersonAlias, form: Any, change: bool) -> None:
        obj.key = alias_key(obj.name)
        super().save_model(request, obj, form, change)
        count = resolve_old_names(Tables.of(apps))
        if count:
            self.message_user(request, f"{count} faces of old visits are now {obj.person}.", messages.SUCCESS)
