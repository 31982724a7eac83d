"""The model classes that an import writes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import F


class Apps(Protocol):
    def get_model(self, app_label: str, model_name: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Tables:
    person: Any
    sample: Any
    gallery_version: Any
    event: Any
    capture: Any
    observation: Any
    channel: Any
    run: Any
    item: Any
    alias: Any
    unresolved_name: Any
    review: Any

    @classmethod
    def of(cls, apps: Apps) -> Tables:
        """apps: django.apps.apps, or the registry that a data migration is given."""
        return cls(
            person=apps.get_model("faces", "Person"),
            sample=apps.get_model("faces", "FaceSample"),
            gallery_version=apps.get_model("faces", "GalleryVersion"),
            event=apps.get_model("events", "Event"),
            capture=apps.get_model("events", "Capture"),
            observation=apps.get_model("events", "FaceObservation"),
            channel=apps.get_model("events", "NotificationChannel"),
            run=apps.get_model("migration", "ImportRun"),
            item=apps.get_model("migration", "ImportedItem"),
            alias=apps.get_model("migration", "PersonAlias"),
            unresolved_name=apps.get_model("migration", "UnresolvedName"),
            review=apps.get_model("migration", "ReviewItem"),
        )

    def gallery_changed(self) -> None:
        """Tell every process that its gallery is old, as `faces.people` does. Call it in the transaction."""
        if not self.gallery_version.objects.filter(pk=1).update(version=F("version") + 1):
            self.gallery_version.objects.get_or_create(pk=1, defaults={"version": 1})


def row(model: Any, /, **values: Any) -> Any:
    """Return an unsaved row with those of the values that this version of the model has a field for."""
    fields = {name for field in model._meta.concrete_fields for name in (field.name, field.attname)}
    return model(**{name: value for name, value in values.items() if name in fields})
