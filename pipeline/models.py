"""What the pipeline remembers of its own: how far the word got out by MQTT."""

from typing import Any

from django.db import models
from django.utils import timezone


def nothing_told() -> dict[str, Any]:
    return {}


class MqttMark(models.Model):
    """One row, the high-water mark: visits that began before `since` are done with; `told` says what was published
    of each later one, by event id (see pipeline.mqtt.told)."""

    since = models.DateTimeField(default=timezone.now)
    told = models.JSONField(default=nothing_told)

    def __str__(self) -> str:
        return f"MQTT knows all visits before {self.since:%Y-%m-%d %H:%M:%S}"
