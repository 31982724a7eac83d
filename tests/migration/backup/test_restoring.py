"""Archives brought back, into empty, other and broken installations."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from pytest_django import Settings

from events.notifications.sealing import unseal
from pipeline.run_lock import only_run
from tests.conftest import Portraits
from tests.migration.backup.installations import Installation
from tests.migration.houses import House, seen, visit


def restored(home: Installation, archive: Path, **environment: str) -> str:
    done = home.manage("restore", archive, "--yes", **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(home: Installation, archive: Path, **environment: str) -> str:
    """Expect a refusal, that nothing has changed, and that nothing lies around; what was said."""
    before = home.state()
    done = home.manage("restore", archive, "--yes", **environment)
    assert done.returncode == 1, done.stdout
    assert home.state() == before
    assert not list(home.var.glob(".doorbell-*"))
    return done.stderr


def backed_up(home: Installation) -> Path:
    done = home.manage("backup")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[-1])


def test_everything_arrives_in_an_empty_folder(seeded: Installation, archive: Path, empty: Installation) -> None:
    restored(empty, archive)
    assert empty.rows() == seeded.rows()
    assert empty.pictures() == seeded.pictures()
    assert len(empty.pictures()) == 3
    assert empty.database.stat().st_mode & 0o777 == 0o600
    assert not list(empty.var.glob(".doorbell-*"))


def test_what_was_there_is_replaced_and_galleries_reload(
    archive: Path, seeded: Installation, home: Installation
) -> None:
    gone, changed = home.capture_files()
    home.execute("DELETE FROM faces_facesample")
    home.execute("UPDATE events_capture SET image = 'captures/other.jpg' WHERE image LIKE ?", f"%{gone.name}")
    gone.rename(home.media / "captures" / "other.jpg")
    changed.write_bytes(b"cut off")
    (home.media / "unrelated.txt").write_text("not the doorbell's")
    restored(home, archive)
    assert home.rows() == seeded.rows()
    assert home.pictures() == {**seeded.pictures(), "unrelated.txt": b"not the doorbell's"}
    assert home.gallery_version() != seeded.gallery_version()


def test_ended_sessions_do_not_come_back(archive: Path, seeded: Installation, empty: Installation) -> None:
    restored(empty, archive)
    assert len(seeded.execute("SELECT * FROM django_session")) == 1
    assert empty.execute("SELECT * FROM django_session") == []


def test_running_doorbell_is_not_replaced(archive: Path, home: Installation) -> None:
    with only_run(home.var / "run" / "doorbell.lock"):
        said = refused(home, archive)
    assert f"a doorbell already runs on {home.var} (process {os.getpid()}); stop it first" in said


def test_database_that_somebody_has_open_is_not_replaced(archive: Path, home: Installation) -> None:
    with closing(sqlite3.connect(home.database)) as other:
        other.execute("SELECT COUNT(*) FROM events_event").fetchall()
        said = refused(home, archive)
    assert f"another process has {home.database} open; stop every part of the doorbell, then restore" in said


def test_restore_asks_first(archive: Path, home: Installation) -> None:
    before = home.state()
    done = home.manage("restore", archive, answer="n\n")
    assert (done.returncode, home.state()) == (1, before)
    assert "1 people, 1 photographs of them, 2 visits, 3 pictures" in done.stdout
    assert f"Replace everything in {home.var} by it? What came since then is lost. [y/N]" in done.stdout
    assert "nothing was changed" in done.stderr
    assert home.manage("restore", archive, answer="y\n").returncode == 0


def test_missing_archive_is_told_apart(empty: Installation, tmp_path: Path) -> None:
    done = empty.manage("restore", tmp_path / "none.zip", "--yes")
    assert (done.returncode, done.stderr) == (
        2,
        f"CommandError: {tmp_path / 'none.zip'} cannot be used: No such file or directory\n",
    )


def test_failure_among_the_pictures_is_undone(archive: Path, home: Installation) -> None:
    first, last = home.capture_files()
    home.execute("DELETE FROM events_faceobservation")
    first.write_bytes(b"another picture, which must be there again afterwards")
    last.unlink()
    (last / "in the way").mkdir(parents=True)
    said = refused(home, archive)
    assert f"{last}: Is a directory; everything was undone" in said


def test_failure_after_the_database_was_replaced_is_undone(secret_archive: Path, home: Installation) -> None:
    home.execute("DELETE FROM faces_facesample")
    (home.var / "secrets" / "secret_key").write_text("of this installation")
    key = home.var / "secrets" / "notifications_key"
    key.unlink()
    before = home.rows(), home.pictures(), home.gallery_version()
    key.mkdir()
    done = home.manage("restore", secret_archive, "--yes", NOTIFY_SECRET_KEY="of the environment")
    assert done.returncode == 1
    assert f"{key}: Is a directory; everything was undone" in done.stderr
    assert (home.rows(), home.pictures(), home.gallery_version()) == before
    assert (home.var / "secrets" / "secret_key").read_text() == "of this installation"


def test_restore_killed_half_way_is_completed_by_the_next(
    archive: Path, seeded: Installation, home: Installation
) -> None:
    first, last = home.capture_files()
    home.execute("DELETE FROM faces_facesample")
    before = home.rows()
    first.unlink()
    content = last.read_bytes()
    last.unlink()
    os.mkfifo(last)
    process = home.start("restore", archive, "--yes")
    with last.open("wb"):  # opens once the restore compares this picture with the archive's
        process.kill()
        process.communicate()
    last.unlink()
    last.write_bytes(content)
    assert home.rows() == before
    restored(home, archive)
    assert home.rows() == seeded.rows()
    assert home.pictures() == seeded.pictures()
    assert not list(home.var.glob(".doorbell-*"))


def test_damaged_installation_is_brought_back(archive: Path, seeded: Installation, home: Installation) -> None:
    home.database.write_bytes(b"not a database at all " * 1000)
    home.database.with_name("doorbell.sqlite3-wal").write_bytes(b"left over")
    said = restored(home, archive)
    assert home.rows() == seeded.rows()
    assert "The old database could not be read: pictures that only it named are still in the storage." in said


def test_older_schema_is_migrated(home: Installation, empty: Installation) -> None:
    assert home.manage("migrate", "migration", "zero", "--verbosity=0").returncode == 0
    old = backed_up(home)
    assert "The backup's older database was brought to this version." in restored(
        empty, old, LEGACY_DATA_DIR="/nowhere"
    )
    assert empty.execute("SELECT COUNT(*) FROM migration_reviewitem") == [(0,)]
    assert empty.execute("SELECT name FROM faces_person") == [("Grace Hopper",)]


def test_a_column_that_is_gone_does_not_keep_an_older_backup_away(
    seeded: Installation, home: Installation, empty: Installation
) -> None:
    is_json = "CHECK ((JSON_VALID(landmarks) OR landmarks IS NULL))"
    home.execute(f"ALTER TABLE events_faceobservation ADD landmarks text NOT NULL DEFAULT '[[1.5, 2]]' {is_json}")
    home.execute("DELETE FROM django_migrations WHERE app = 'events' AND name > '0006'")
    restored(empty, backed_up(home))
    assert empty.rows()["events_faceobservation"] == seeded.rows()["events_faceobservation"]


def test_newer_schema_is_refused(home: Installation) -> None:
    home.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('events', '9999_future', '2031-01-01')")
    newer = backed_up(home)
    home.execute("DELETE FROM django_migrations WHERE name = '9999_future'")
    assert "the backup comes from a newer version of the doorbell: events.9999_future is not known here" in refused(
        home, newer
    )


def test_channels_work_again_where_the_secrets_came_along(
    seeded: Installation, secret_archive: Path, empty: Installation, settings: Settings
) -> None:
    assert "sealed with another key" not in restored(empty, secret_archive)
    assert empty.secrets() == seeded.secrets()
    settings.NOTIFY_SECRET_KEY = empty.secrets()["notifications_key"]
    ((sealed,),) = empty.execute("SELECT sealed_config FROM events_notificationchannel")
    assert unseal(sealed) == {"token": "123:secret"}


def test_channels_without_their_key_are_named(seeded: Installation, archive: Path, empty: Installation) -> None:
    said = restored(empty, archive)
    assert "The settings of these channels were sealed with another key: telegram. Enter them again" in said
    assert empty.secrets() != seeded.secrets()


def test_configuration_comes_back_and_keeps_the_secrets_that_are_here(home: Installation) -> None:
    config = home.var / "config.json"
    mqtt = {"url": "mqtt://door:hidden@broker", "topic": "front"}
    config.write_text(json.dumps({"cpu_threshold": 70.0, "pipeline_config": {"mqtt": mqtt}}))
    archive = backed_up(home)
    assert b"hidden" not in archive.read_bytes()
    here = {"mqtt": {"url": "mqtt://door:other@broker", "topic": "back"}}
    config.write_text(json.dumps({"cpu_threshold": 80.0, "pipeline_config": here}))
    restored(home, archive)
    expected = {"mqtt": {"url": "mqtt://door:other@broker", "topic": "front"}}
    assert json.loads(config.read_text()) == {"cpu_threshold": 70.0, "pipeline_config": expected}
    assert config.stat().st_mode & 0o777 == 0o600


def test_environment_that_differs_is_told(home: Installation) -> None:
    done = home.manage("backup", TIME_ZONE="Europe/Berlin")
    archive = Path(done.stdout.splitlines()[-1])
    assert "The environment had TIME_ZONE='Europe/Berlin' and now says otherwise" in restored(home, archive)


def test_environment_that_goes_before_the_archive_is_told(
    secret_archive: Path, seeded: Installation, empty: Installation, tmp_path: Path
) -> None:
    config = tmp_path / "config.json"
    config.write_text("{}")
    said = restored(empty, secret_archive, DOORBELL_CONFIG=str(config), NOTIFY_SECRET_KEY="another")
    assert f"DOORBELL_CONFIG names {config}; the backup's configuration lies in {empty.var / 'config.json'}." in said
    assert "The environment sets NOTIFY_SECRET_KEY, which goes before the key from the backup" in said
    assert empty.secrets() == seeded.secrets()


def test_what_was_imported_is_not_imported_again_after_a_restore(
    house: House, portraits: Portraits, home: Installation, empty: Installation
) -> None:
    house.put("data/known_faces/Ada.jpg", portraits.grace_hopper)
    house.log(visit("2025-09-22T16:20:00", "KNOWN_VISITOR", [seen("Ada")]))
    assert home.manage("import_legacy", house.root, "--timezone", "UTC").returncode == 0
    archive = backed_up(home)
    restored(empty, archive)
    assert empty.rows() == home.rows()
    again = empty.manage("import_legacy", house.root, "--timezone", "UTC")
    assert "known face: 1 already there" in again.stdout
    assert "visit: 1 already there" in again.stdout
    assert empty.rows() == home.rows()
