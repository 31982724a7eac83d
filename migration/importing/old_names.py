"""Old names to people of today."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from migration.importing.tables import Tables, row
from migration.legacy.names import fold, slug, without_stamp
from migration.legacy.text import shown, storable

NAME_MAX = 300


def alias_key(name: str) -> str:
    return fold(storable(name))[:NAME_MAX]


class OldNames:
    """Finds the person whom an old name means: as it is, without a file's time stamp, or as the web
    pages wrote it, where only one person can be meant."""

    def __init__(self, tables: Tables) -> None:
        self._by_key: dict[str, int] = {}
        by_slug: dict[str, set[int]] = defaultdict(set)
        for key, name, person_id in tables.alias.objects.values_list("key", "name", "person_id"):
            self._by_key[key] = person_id
            by_slug[slug(name)].add(person_id)
        self._by_slug = {word: next(iter(ids)) for word, ids in by_slug.items() if word and len(ids) == 1}

    def person_id(self, name: str) -> int | None:
        base = without_stamp(name)
        for key in (alias_key(name), alias_key(base)):
            if key in self._by_key:
                return self._by_key[key]
        return self._by_slug.get(slug(base))


def add_aliases(tables: Tables, person: Any, names: Iterable[str], run: Any = None) -> None:
    """Note old names of a person; a name that leads to somebody already keeps doing so."""
    by_key = {alias_key(name): storable(name)[:NAME_MAX] for name in names if alias_key(name)}
    taken = set(tables.alias.objects.filter(key__in=list(by_key)).values_list("key", flat=True))
    tables.alias.objects.bulk_create(
        [
            row(tables.alias, person=person, name=name, key=key, run=run)
            for key, name in by_key.items()
            if key not in taken
        ]
    )


def resolve_old_names(tables: Tables) -> int:
    """Give the faces of old visits to the people whom their names mean by now; return how many."""
    names = OldNames(tables)
    resolved = 0
    for name in list(tables.unresolved_name.objects.values_list("name", flat=True).distinct()):
        person_id = names.person_id(name)
        if person_id is not None:
            resolved += _resolve(tables, name, person_id)
    return resolved


def _resolve(tables: Tables, name: str, person_id: int) -> int:
    faces = tables.unresolved_name.objects.filter(name=name).select_related("observation__capture")
    with transaction.atomic():
        found = list(faces)
        for face in found:
            tables.observation.objects.filter(pk=face.observation_id, person=None).update(person_id=person_id)
            event = tables.event.objects.get(pk=face.observation.capture.event_id)
            reason = without_mention(event.reason, name)
            tables.event.objects.filter(pk=event.pk).update(reason=reason)
            face.delete()
    return len(found)


def mention(name: str) -> str:
    """What a visit says of a name that leads to nobody."""
    return f"recognized as {shown(name)[:80]!r}, who is not enrolled here"


def without_mention(reason: str, name: str) -> str:
    return "; ".join(filter(None, (part.strip() for part in reason.replace(mention(name), "").split("; "))))
