"""People in the administration. Every change goes through faces.people and faces.enrollment."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from faces.browsing import people_with_samples
from faces.enrolling import enroll_uploads
from faces.enrollment import reencode_samples
from faces.forms import NameField, PicturesField
from faces.models import FaceSample, Person
from faces.people import change_person, create_person, delete_person, delete_sample


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy alone
    name = NameField()
    pictures = PicturesField(
        required=False,
        label="Add pictures",
        help_text="Several at once. What becomes of each is said after saving; where one shows several faces, or "
        "somebody else's, the person's page on the site asks.",
    )

    class Meta:
        model = Person
        fields = ["name", "is_blocked"]

    def clean_name(self) -> str:
        """Said here: when `create_person` says it, the admin has no page left to say it on."""
        name: str = self.cleaned_data["name"]
        if Person.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(f"Somebody is called {name} already; choose another name.")
        return name


class SampleInline(admin.TabularInline):  # type: ignore[type-arg]
    model = FaceSample
    extra = 0
    fields = readonly_fields = ("picture", "encoding_model", "rounded_quality", "created_at")
    verbose_name_plural = "enrolled pictures"

    def get_queryset(self, request: HttpRequest) -> QuerySet[FaceSample]:
        return super().get_queryset(request).defer("encoding")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display
    def picture(self, sample: FaceSample) -> SafeString:
        return show_sample(sample, css="sample")

    @admin.display(description="quality")
    def rounded_quality(self, sample: FaceSample) -> str:
        return f"{sample.quality:.2f}"


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = PersonForm
    inlines = [SampleInline]
    list_display = ["face", "name", "is_blocked", "sample_count", "created_at"]
    list_display_links = ["face", "name"]
    list_filter = ["is_blocked", "created_at"]
    search_fields = ["name"]
    actions = ["reencode"]
    list_per_page = 50

    class Media:
        css = {"all": ["doorbell_site/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        return people_with_samples().annotate(samples_in_all=Count("samples"))

    @admin.display(description="")
    def face(self, person: Person) -> SafeString | None:
        first = next(iter(person.samples.all()), None)
        return show_sample(first, css="thumb face") if first else None

    @admin.display(description="pictures", ordering="samples_in_all")
    def sample_count(self, person: Person) -> int:
        return len(person.samples.all())

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        if change:
            change_person(obj, name=obj.name, is_blocked=obj.is_blocked)
            return
        # The admin goes on with the object it holds.
        obj.pk = create_person(obj.name, is_blocked=obj.is_blocked).pk
        obj.refresh_from_db()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for sample in formset.deleted_objects:
            delete_sample(sample)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not request.user.has_perm("faces.add_facesample"):
            return
        for answer in enroll_uploads(form.instance, form.cleaned_data["pictures"]):
            level = messages.SUCCESS if answer.is_added else messages.WARNING
            self.message_user(request, f"Picture {answer.title}: {answer.text}", level)

    def delete_model(self, request: HttpRequest, obj: Person) -> None:
        delete_person(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        for person in queryset:
            delete_person(person)

    @admin.action(description="Re-encode the pictures of selected people", permissions=["change"])
    def reencode(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        total = FaceSample.objects.filter(person__in=queryset.values("pk")).count()
        done = reencode_samples(queryset)
        self.message_user(request, f"{done} of {total} pictures encoded again.", messages.SUCCESS)
        if done < total:
            text = "The others keep their encoding: their picture is gone, or shows no face now. The log names them."
            self.message_user(request, text, messages.WARNING)


def show_sample(sample: FaceSample, *, css: str) -> SafeString:
    url = reverse("sample-picture", args=[sample.pk])
    return format_html('<img class="{}" src="{}" alt="Enrolled picture {}" loading="lazy">', css, url, sample.pk)
