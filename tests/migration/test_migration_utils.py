"""MigrationUtils: the old names, with answers about the real system."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
from django.utils import timezone

from events.models import Capture, Event
from faces.models import Person
from health.assessment import Assessment
from health.facts import Facts
from health.findings import Finding, Level
from health.score import Score
from migration import answers
from migration.backup.verifying import verify_backup
from migration.importing.run import only_import
from migration.migration_utils import MigrationUtils
from migration.models import ImportRun
from tests import seeding
from tests.conftest import REPOSITORY, Portraits
from tests.migration.houses import House, seen, visit

SCRIPT = """
import json
from migration.migration_utils import MigrationUtils
print(json.dumps(MigrationUtils.validate_migration_compatibility()))
"""


@pytest.fixture
def old_house(house: House, portraits: Portraits, monkeypatch: pytest.MonkeyPatch) -> House:
    """LEGACY_DATA_DIR names it."""
    house.put("data/known_faces/Grace.jpg", portraits.grace_hopper)
    house.log(visit("2025-09-22T16:20:00", "KNOWN_VISITOR", [seen("Grace")]))
    monkeypatch.setenv("LEGACY_DATA_DIR", str(house.root))
    monkeypatch.setenv("LEGACY_TIMEZONE", "Europe/Berlin")
    return house


def test_whole_old_installation_is_compatible(db: None, old_house: House) -> None:
    found = MigrationUtils.validate_migration_compatibility()
    assert found.keys() == {"compatible", "issues", "warnings"}
    assert (found["compatible"], found["issues"]) == (True, [])
    assert not any("data/" in warning or "LEGACY_TIMEZONE" in warning for warning in found["warnings"])


def test_missing_parts_and_zone_are_warnings(db: None, old_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (old_house.root / "data" / "blacklist_faces").rmdir()
    (old_house.root / "data" / "captures").rmdir()
    monkeypatch.delenv("LEGACY_TIMEZONE")
    found = MigrationUtils.validate_migration_compatibility()
    assert found["compatible"] is True
    assert "data/blacklist_faces is missing: no blocked people will come from there" in found["warnings"]
    assert "data/captures is missing: no pictures will come from there" in found["warnings"]
    assert "old local times will be read as UTC; LEGACY_TIMEZONE names another zone" in found["warnings"]


def test_folder_without_an_old_installation_is_an_issue(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGACY_DATA_DIR", str(tmp_path))
    found = MigrationUtils.validate_migration_compatibility()
    assert found["compatible"] is False
    assert any(issue.startswith(f"{tmp_path} holds no old installation") for issue in found["issues"])


def test_unknown_zone_is_an_issue(db: None, old_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGACY_TIMEZONE", "Europe/Nowhere")
    found = MigrationUtils.validate_migration_compatibility()
    assert found["compatible"] is False
    assert any("Europe/Nowhere" in issue for issue in found["issues"])


def test_pictures_larger_than_the_disk_are_an_issue(db: None, old_house: House) -> None:
    with (old_house.root / "data" / "captures" / "huge.jpg").open("wb") as file:
        file.truncate(2**43)  # a hole: it takes no room here
    found = MigrationUtils.validate_migration_compatibility()
    assert found["compatible"] is False
    assert any(issue.startswith("the old pictures take 8,796,093 MB, and ") for issue in found["issues"])


def test_plain_script_needs_no_set_up(old_house: House, tmp_path: Path) -> None:
    environment = {**os.environ, "DOORBELL_VAR": str(tmp_path / "var")}
    environment.pop("DJANGO_SETTINGS_MODULE")
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["compatible"] is False
    assert "the database has not the schema of this program yet; run `manage.py migrate`" in found["issues"]


def test_legacy_data_is_imported_and_counted_once(db: None, media: Path, old_house: House) -> None:
    first = MigrationUtils.migrate_legacy_data()
    assert first["success"] is True, first
    assert first["errors"] == []
    assert {"1 known face", "1 visit"} <= set(first["migrated_items"])
    assert first["counts"]["known face"] == {"imported": 1}
    assert (Person.objects.get().name, Event.objects.count()) == ("Grace", 1)
    second = MigrationUtils.migrate_legacy_data()
    assert (second["success"], second["migrated_items"], second["errors"]) == (True, [], [])
    assert second["counts"]["visit"] == {"already there": 1}
    assert ImportRun.objects.filter(timezone="Europe/Berlin").exists()


def test_import_that_cannot_run_is_no_success(db: None, old_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with only_import():
        busy = MigrationUtils.migrate_legacy_data()
    assert busy == {
        "success": False,
        "migrated_items": [],
        "errors": ["another import is running; wait until it is done"],
        "counts": {},
    }
    monkeypatch.setenv("LEGACY_DATA_DIR", str(old_house.root / "nowhere"))
    assert MigrationUtils.migrate_legacy_data()["success"] is False


@pytest.mark.django_db(transaction=True)
def test_backup_is_a_good_archive_with_the_pictures(media: Path, portraits: Portraits, tmp_path: Path) -> None:
    seeding.add_capture(seeding.add_event(), portraits.astronaut)
    done = MigrationUtils.create_backup(str(tmp_path / "backups"))
    assert (done["success"], done["errors"]) == (True, [])
    manifest = verify_backup(Path(done["backup_path"]))
    assert manifest.counts[Capture._meta.db_table] == 1
    assert len(manifest.pictures) == 1


def test_backup_that_cannot_be_written_is_no_success(db: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = MigrationUtils.create_backup(tmp_path / "file" / "deeper")
    assert (done["success"], done["backup_path"]) == (False, None)
    assert done["errors"][0].endswith("cannot be written: Not a directory")


def test_system_without_workers_is_not_healthy(db: None, broker: redis.Redis) -> None:
    found = MigrationUtils.verify_pipeline_health()
    assert found.keys() == {"healthy", "checks", "issues"}
    assert found["healthy"] is False
    expected = {"orchestrator_import": True, "manager_import": True, "config_import": True, "broker": True}
    assert found["checks"].items() >= {**expected, "worker detection": False}.items()
    assert any(issue.startswith("No worker serves the queue detection.") for issue in found["issues"])


def test_warnings_alone_leave_it_healthy(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _health_with(Level.WARNING, monkeypatch)["healthy"] is True
    assert _health_with(Level.ERROR, monkeypatch)["issues"] == ["The disk is full. Empty it."]


def _health_with(level: Level, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    finding = Finding("disk", level, "The disk is full.", "Empty it.")
    known = Assessment(Facts(at=timezone.now()), (finding,), Score({}))
    monkeypatch.setattr(answers, "assess", lambda: known)
    return MigrationUtils.verify_pipeline_health()
