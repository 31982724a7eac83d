"""The import as a step of `migrate`: there with LEGACY_DATA_DIR, nothing without, and back."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from events.models import Capture, Event, FaceObservation
from events.notifications.models import NotificationChannel
from faces.models import FaceSample, Person
from faces.people import create_person
from migration.importing.tables import Tables, row
from migration.legacy.errors import SourceError
from migration.models import ImportedItem, ImportRun, PersonAlias, ReviewItem
from tests.conftest import Portraits
from tests.migration.backup.installations import Installation
from tests.migration.houses import House, Unpacked, seen, visit
from tests.seeding import add_event

BEFORE = [("migration", "0001_initial")]
AFTER = [("migration", "0002_import_legacy")]
Migrate = Callable[[list[tuple[str, str]]], None]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def migrate(media: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Migrate]:
    monkeypatch.delenv("LEGACY_DATA_DIR", raising=False)
    monkeypatch.delenv("LEGACY_TIMEZONE", raising=False)

    def to(targets: list[tuple[str, str]]) -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(targets)

    to(BEFORE)
    yield to
    monkeypatch.delenv("LEGACY_DATA_DIR", raising=False)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture
def lived_in(house: House, portraits: Portraits) -> House:
    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    house.log(visit("2025-09-22T16:20:00", "KNOWN_VISITOR", [seen("Grace")]))
    return house


def test_without_a_folder_it_does_nothing(migrate: Migrate) -> None:
    migrate(AFTER)
    migrate(BEFORE)
    assert not ImportRun.objects.exists()


def test_with_a_folder_it_imports_and_going_back_removes_it(
    migrate: Migrate, lived_in: House, media: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, visit_of_mine = create_person("Mine"), add_event()
    monkeypatch.setenv("LEGACY_DATA_DIR", str(lived_in.root))
    monkeypatch.setenv("LEGACY_TIMEZONE", "Europe/Berlin")
    migrate(AFTER)
    assert {person.name for person in Person.objects.all()} == {"Mine", "Grace"}
    assert Event.objects.exclude(pk=visit_of_mine.pk).get().started_at.hour == 14
    assert ImportRun.objects.get().origin == "migrate"
    assert "visit: 1 imported" in capsys.readouterr().out

    migrate(BEFORE)
    assert list(Person.objects.all()) == [mine]
    assert list(Event.objects.all()) == [visit_of_mine]
    for model in (FaceSample, ImportedItem, ImportRun, PersonAlias):
        assert not model._default_manager.exists()
    assert not [path for path in media.rglob("*") if path.is_file()]
    assert "removed: 1 visits, 1 samples, 1 persons" in capsys.readouterr().out


def test_what_was_changed_since_stays_and_is_reported(
    migrate: Migrate, lived_in: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEGACY_DATA_DIR", str(lived_in.root))
    migrate(AFTER)
    Event.objects.update(reason="I know this one")
    migrate(BEFORE)
    assert Event.objects.get().reason == "I know this one"
    assert Person.objects.get().samples.count() == 1
    said = capsys.readouterr().out
    assert "kept: data/logs/events.log line 1: changed since" in said
    assert "kept: data/known_faces/Grace.jpg: seen in visits that stay" in said


def test_what_the_command_imported_is_not_removed_by_going_back(
    migrate: Migrate, lived_in: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.migration.test_import_legacy import run

    migrate(AFTER)
    run(lived_in.root)
    migrate(BEFORE)
    assert Event.objects.count() == 1


def test_a_wrong_folder_stops_migrate_and_a_right_one_goes_on(
    migrate: Migrate, lived_in: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGACY_DATA_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(SourceError, match="is not a folder; give the folder of the old installation"):
        migrate(AFTER)
    monkeypatch.setenv("LEGACY_DATA_DIR", str(lived_in.root))
    migrate(AFTER)
    assert Event.objects.count() == 1


def test_it_writes_with_the_models_of_its_own_moment() -> None:
    executor = MigrationExecutor(connection)
    historical = Tables.of(executor.loader.project_state(AFTER).apps)
    assert historical.event is not Event
    assert historical != Tables.of(apps)


def test_it_imports_into_the_first_tables_where_only_its_own_app_is_migrated(lived_in: House, tmp_path: Path) -> None:
    home = Installation(tmp_path / "home")
    imported = home.manage("migrate", "migration", LEGACY_DATA_DIR=str(lived_in.root))
    assert imported.returncode == 0, imported.stderr
    assert home.manage("migrate").returncode == 0
    assert home.execute("SELECT COUNT(*) FROM events_faceobservation") == [(1,)]


def test_a_field_that_a_version_of_a_model_lacks_is_left_out() -> None:
    event: Any = row(Event, trigger="press", camera_id=7, mood="cheerful")
    assert (event.trigger, event.camera_id) == ("press", 7)
    assert not hasattr(event, "mood")


def test_the_real_installation_arrives_at_migrate_and_goes_again(
    migrate: Migrate, real: Unpacked, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = real.fingerprint()
    monkeypatch.setenv("LEGACY_DATA_DIR", str(real.root))
    monkeypatch.setenv("LEGACY_TIMEZONE", "Europe/Berlin")
    migrate(AFTER)
    assert Person.objects.count() == real.expected["counts"]["people_recommended"]
    assert Capture.objects.exclude(image="").count() == real.expected["counts"]["captures"]
    assert NotificationChannel.objects.get().config["bot_token"].startswith("1234567890:FAKE")
    assert ReviewItem.objects.count() == 3
    migrate(BEFORE)
    for model in (Person, FaceSample, Event, Capture, FaceObservation, NotificationChannel, ImportRun, ReviewItem):
        assert not model._default_manager.exists(), model
    assert not [path for path in media.rglob("*") if path.is_file()]
    assert real.fingerprint() == before
