"""The content of imported rows in short: what was changed since has another fingerprint."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from migration.importing.tables import Tables

_PERSON = ("name", "is_blocked")
_SAMPLE = ("person_id", "encoding", "encoding_model", "image")
_CHANNEL = ("name", "kind", "sealed_config", "is_enabled")
_EVENT = ("trigger", "outcome", "reason", "camera_id", "started_at")
_CAPTURE = ("image", "taken_at", "status")
_OBSERVATION = ("status", "person_id", "distance", "box_top", "box_right", "box_bottom", "box_left")


def person_fingerprints(tables: Tables, ids: Iterable[int]) -> dict[int, str]:
    return _plain(tables.person, _PERSON, ids)


def sample_fingerprints(tables: Tables, ids: Iterable[int]) -> dict[int, str]:
    return _plain(tables.sample, _SAMPLE, ids)


def channel_fingerprints(tables: Tables, ids: Iterable[int]) -> dict[int, str]:
    return _plain(tables.channel, _CHANNEL, ids)


def event_fingerprints(tables: Tables, ids: Iterable[int]) -> dict[int, str]:
    """Of each event with its captures and observations."""
    wanted = list(ids)
    parts: dict[int, list[str]] = {}
    for pk, *values in tables.event.objects.filter(pk__in=wanted).values_list("pk", *_EVENT):
        parts[pk] = [_text(values)]
    captures = tables.capture.objects.filter(event__in=wanted).order_by("pk").values_list("event_id", *_CAPTURE)
    for event_id, *values in captures:
        parts[event_id].append(_text(values))
    observations = tables.observation.objects.filter(capture__event__in=wanted).order_by("pk")
    for event_id, *values in observations.values_list("capture__event_id", *_OBSERVATION):
        parts[event_id].append(_text(values))
    return {pk: _digest("\n".join(lines)) for pk, lines in parts.items()}


def _plain(model: Any, fields: tuple[str, ...], ids: Iterable[int]) -> dict[int, str]:
    rows = model.objects.filter(pk__in=list(ids)).values_list("pk", *fields)
    found: dict[int, str] = defaultdict(str)
    for pk, *values in rows:
        found[pk] = _digest(_text(values))
    return dict(found)


def _text(values: list[Any]) -> str:
    return repr([bytes(value) if isinstance(value, memoryview) else str(value) for value in values])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
