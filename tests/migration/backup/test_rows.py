"""The way by which databases other than SQLite are copied, there and back."""

import shutil
from pathlib import Path

import pytest
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.models import Model

from events.models import Event
from faces.models import Person
from migration.backup.rows import COPY, attached, copy_all_rows
from tests import seeding
from tests.conftest import Portraits
from tests.migration.backup.installations import Installation


@pytest.fixture
def copy(seeded: Installation, tmp_path: Path) -> Path:
    return Path(shutil.copy(seeded.database, tmp_path / "copy.sqlite3"))


def everything(alias: str) -> dict[str, list[object]]:
    models: list[type[Model]] = list(apps.get_models(include_auto_created=True))
    return {model._meta.label: list(model._base_manager.using(alias).order_by("pk").values()) for model in models}


@pytest.mark.django_db(transaction=True)
def test_every_row_arrives_as_it_is(copy: Path, media: Path, portraits: Portraits) -> None:
    person = Person.objects.create(name="Somebody", is_blocked=True)
    Person.objects.update(created_at="2020-01-01T00:00:00Z", updated_at="2021-01-01T00:00:00Z")
    seeding.add_face(seeding.add_capture(seeding.add_event(), portraits.astronaut), seeding.ASTRONAUT_BOX, person)
    expected = everything(DEFAULT_DB_ALIAS)
    with attached(copy) as alias:
        assert everything(alias) != expected
        copy_all_rows(DEFAULT_DB_ALIAS, alias)
        assert everything(alias) == expected
    assert COPY not in connections


@pytest.mark.django_db(transaction=True)
def test_rows_come_back_and_new_ones_follow_them(copy: Path) -> None:
    Person.objects.create(name="Somebody")
    with attached(copy) as alias:
        copy_all_rows(alias, DEFAULT_DB_ALIAS)
        assert everything(DEFAULT_DB_ALIAS) == everything(alias)
    assert [person.name for person in Person.objects.all()] == ["Grace Hopper"]
    newest = Event.objects.latest("pk").pk
    assert seeding.add_event().pk > newest


@pytest.mark.django_db(transaction=True)
def test_failed_copy_changes_nothing(copy: Path) -> None:
    Person.objects.create(name="Somebody")
    with attached(copy) as alias:
        with connections[alias].cursor() as cursor:
            cursor.execute("DROP TABLE migration_reviewitem")
        with pytest.raises(OperationalError, match="no such table: migration_reviewitem"):
            copy_all_rows(alias, DEFAULT_DB_ALIAS)
    assert [person.name for person in Person.objects.all()] == ["Somebody"]
