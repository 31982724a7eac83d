"""What people fill in about channels and rules."""

from typing import Any

from django import forms
from django.http import QueryDict

from events.models import Camera, Outcome, Trigger
from events.notifications.channels.base import Field, InvalidConfig, Kind
from events.notifications.models import NotificationChannel, NotificationRule
from events.notifications.rules import SYSTEM, WEEKDAYS
from events.notifications.sealing import SHOWN, ConfigUnreadable
from faces.models import Person

OUTCOMES = [(value, label) for value, label in Outcome.choices if value != Outcome.PENDING]


class ChannelForm(forms.Form):
    """The settings that a kind asks for. A secret is never sent back to the browser: an empty field
    keeps the one that is stored."""

    name = forms.CharField(max_length=60)
    is_enabled = forms.BooleanField(required=False, initial=True, label="Enabled")
    is_told_everything = forms.BooleanField(
        required=False,
        label="Told of every visit",
        help_text="Whatever the rules say: for automations, logs and other programs.",
    )

    def __init__(self, kind: Kind, channel: NotificationChannel | None, entered: QueryDict | None = None) -> None:
        self.kind, self.channel = kind, channel
        self.stored = _stored(channel)
        initial = {"name": kind.label, "is_told_everything": kind.is_told_everything}
        if channel is not None:
            initial = {name: getattr(channel, name) for name in ("name", "is_enabled", "is_told_everything")}
        shown = {field.name: _shown(field, self.stored) for field in kind.fields if not field.is_secret}
        super().__init__(entered, initial={**initial, **shown})
        for field in kind.fields:
            self.fields[field.name] = _form_field(field, is_stored=bool(self.stored.get(field.name)))

    def config_fields(self) -> list[forms.BoundField]:
        return [self[field.name] for field in self.kind.fields]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = NotificationChannel.objects.filter(name__iexact=name)
        if self.channel is not None:
            others = others.exclude(pk=self.channel.pk)
        if others.exists():
            raise forms.ValidationError("Another channel is called so already.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                self.kind.open(self.config())
            except InvalidConfig as error:
                self.add_error(error.field, str(error))
        return cleaned

    def config(self) -> dict[str, Any]:
        if self.kind.is_added_by_itself:
            return self.stored
        entered = {field.name: self.cleaned_data.get(field.name) for field in self.kind.fields}
        for field in self.kind.fields:
            if field.widget == "lines":
                entered[field.name] = (entered[field.name] or "").split()
            if field.is_secret and not entered[field.name] and field.name in self.stored:
                entered[field.name] = self.stored[field.name]
        return entered

    def save(self) -> NotificationChannel:
        channel = self.channel or NotificationChannel(kind=self.kind.name)
        for name in ("name", "is_enabled", "is_told_everything"):
            setattr(channel, name, self.cleaned_data[name])
        channel.config = self.config()
        channel.paused_until, channel.failures, channel.last_error = None, 0, ""
        channel.save()
        return channel


def _stored(channel: NotificationChannel | None) -> dict[str, Any]:
    try:
        return channel.config if channel is not None else {}
    except ConfigUnreadable:
        return {}


def _shown(field: Field, stored: dict[str, Any]) -> Any:
    value = stored.get(field.name, field.default)
    return "\n".join(value) if isinstance(value, list) else value


def _form_field(field: Field, *, is_stored: bool) -> forms.Field:
    options: dict[str, Any] = {
        "label": field.label,
        "help_text": field.help_text,
        "required": field.is_required and not (field.is_secret and is_stored),
    }
    if field.widget == "flag":
        return forms.BooleanField(**{**options, "required": False})
    if field.widget == "lines":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **options)
    attributes = {"autocomplete": "off", "spellcheck": "false"}
    if field.is_secret:
        attributes["placeholder"] = f"{SHOWN} stored; empty keeps it" if is_stored else ""
        return forms.CharField(widget=forms.PasswordInput(attrs=attributes), max_length=2000, **options)
    return forms.CharField(widget=forms.TextInput(attrs=attributes), max_length=2000, **options)


class Ticks(forms.TypedMultipleChoiceField):
    def __init__(self, label: str, choices: list[tuple[Any, str]] | None = None, **options: Any) -> None:
        widget = forms.CheckboxSelectMultiple
        super().__init__(label=label, choices=choices or [], required=False, widget=widget, **options)


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy alone
    outcomes = Ticks("Outcome", [*OUTCOMES, (SYSTEM, "trouble with the doorbell")])
    triggers = Ticks("How it came", list(Trigger.choices))
    camera_ids = Ticks("Cameras", coerce=int)
    person_ids = Ticks("People", coerce=int, help_text="At least one of them was recognized.")
    weekdays = Ticks("Days", list(enumerate(WEEKDAYS)), coerce=int)
    channel_ids = Ticks("Channels", coerce=int, help_text="None ticked: all of them.")

    class Meta:
        model = NotificationRule
        fields = [
            "name", "is_enabled", "outcomes", "triggers", "camera_ids", "person_ids", "weekdays", "time_from",
            "time_until", "is_telling", "priority", "with_picture", "is_told_at_once", "channel_ids",
            "quiet_from", "quiet_until", "repeat_after_min",
        ]  # fmt: skip
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"})
            for name in ("time_from", "time_until", "quiet_from", "quiet_until")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("camera_ids", Camera), ("person_ids", Person), ("channel_ids", NotificationChannel)):
            self.fields[name].choices = _choices(model, getattr(self.instance, name))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for start, end in (("time_from", "time_until"), ("quiet_from", "quiet_until")):
            if bool(cleaned.get(start)) != bool(cleaned.get(end)):
                self.add_error(start if not cleaned.get(start) else end, "Give both times, or neither.")
        return cleaned


def _choices(model: type[Camera | Person | NotificationChannel], chosen: list[int]) -> list[tuple[int, str]]:
    """Everything there is, and what the rule names though it was deleted: unticked by mistake, a rule
    about one person would become one about everybody."""
    there = dict(model.objects.values_list("pk", "name"))
    return [*there.items(), *((pk, f"deleted ({pk})") for pk in chosen if pk not in there)]
