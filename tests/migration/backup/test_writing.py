"""Archives written while things happen."""

import hashlib
import json
import os
import signal
import stat
import zipfile
from pathlib import Path

from migration.backup.verifying import verify_backup
from tests.migration.backup.installations import Installation

EVENT = "INSERT INTO events_event (trigger, started_at, outcome, reason) VALUES ('press', '2026-01-01', 'pending', '')"


def test_archive_holds_database_pictures_and_settings_and_says_so(seeded: Installation, archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        manifest = json.loads(file.read("manifest.json"))
        for member in manifest["members"]:
            content = file.read(member["name"])
            assert (len(content), hashlib.sha256(content).hexdigest()) == (member["size"], member["sha256"])
        assert {m["name"] for m in manifest["members"]} == {
            "database.sqlite3",
            "settings/config.json",
            "settings/environment.json",
            *(f"media/{name}" for name in seeded.pictures()),
        }
    assert manifest["format"] == "doorbell backup 1"
    assert manifest["counts"]["events_event"] == 2
    assert "events.0001_initial" in manifest["migrations"]
    assert (manifest["database"], manifest["has_secrets"], manifest["missing_pictures"]) == ("sqlite", False, [])


def test_only_the_owner_may_read_it(archive: Path, home: Installation) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert home.manage("backup").returncode == 0
    assert stat.S_IMODE((home.var / "backups").stat().st_mode) == 0o700


def test_secrets_are_left_out_unless_asked_for(seeded: Installation, archive: Path, secret_archive: Path) -> None:
    keys = seeded.secrets()
    assert keys.keys() == {"secret_key", "notifications_key"}
    for key in keys.values():
        assert key.encode() not in archive.read_bytes()
        assert key.encode() in secret_archive.read_bytes()


def test_secrets_of_the_environment_are_left_out_unless_asked_for(home: Installation) -> None:
    words = {"METRICS_TOKEN": "hidden-token", "MQTT_URL": "mqtt://me:hidden-word@host", "TIME_ZONE": "UTC"}
    for more, is_there in [([], False), (["--with-secrets"], True)]:
        done = home.manage("backup", *more, **words)
        text = Path(done.stdout.splitlines()[-1]).read_bytes()
        assert b'"TIME_ZONE": "UTC"' in text
        assert (b"hidden-token" in text) is is_there
        assert (b"hidden-word" in text) is is_there


def test_visits_that_come_and_go_meanwhile_leave_it_whole(home: Installation) -> None:
    first, last = home.capture_files()
    content = first.read_bytes()
    first.unlink()
    os.mkfifo(first)
    process = home.start("backup")
    with first.open("wb") as pipe:  # opens once the backup reads this picture: the database is copied by then
        home.execute(EVENT)
        home.execute("UPDATE faces_person SET name = 'Somebody Else'")
        (first.parent / "new.jpg").write_bytes(b"a picture of the new visit")
        last.unlink()
        pipe.write(content)
    said, error = process.communicate()
    assert process.returncode == 0, error
    manifest = verify_backup(Path(said.splitlines()[-1]))
    lost = str(last.relative_to(home.media))
    assert manifest.missing_pictures == [lost]
    assert f"! 1 pictures were gone when they were to be read, the first {lost}" in said
    assert manifest.counts["events_event"] == 2
    assert f"media/{first.relative_to(home.media)}" in {member.name for member in manifest.pictures}


def test_backup_killed_in_the_middle_leaves_nothing_under_its_name(home: Installation) -> None:
    folder, (_, last) = home.var / "backups", home.capture_files()
    content = last.read_bytes()
    last.unlink()
    os.mkfifo(last)
    process = home.start("backup")
    with last.open("wb"):
        (abandoned,) = folder.iterdir()
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert list(folder.iterdir()) == [abandoned]
    assert abandoned.name.startswith(".doorbell-")
    last.unlink()
    last.write_bytes(content)
    assert home.manage("backup").returncode == 0
    (archive,) = folder.iterdir()
    assert verify_backup(archive).missing_pictures == []


def test_given_name_is_used_and_never_written_over(home: Installation, tmp_path: Path) -> None:
    name = tmp_path / "sunday.zip"
    done = home.manage("backup", "--to", name)
    assert done.stdout.splitlines()[-1] == str(name)
    before = name.read_bytes()
    again = home.manage("backup", "--to", name)
    assert (again.returncode, again.stderr) == (1, f"CommandError: {name} exists already; give another name\n")
    assert name.read_bytes() == before


def test_folder_that_cannot_be_written_is_told(home: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = home.manage("backup", "--to", tmp_path / "file" / "deeper")
    assert done.returncode == 1
    assert "cannot be written: Not a directory" in done.stderr


def test_damaged_database_makes_no_backup(home: Installation) -> None:
    page = 4096
    damaged = bytearray(home.database.read_bytes())
    damaged[5 * page : 7 * page] = os.urandom(2 * page)
    home.database.write_bytes(damaged)
    done = home.manage("backup")
    assert done.returncode == 1
    assert "the database" in done.stderr
    assert not list((home.var / "backups").iterdir())


def test_row_that_names_a_picture_outside_is_told(home: Installation) -> None:
    home.execute("UPDATE faces_facesample SET image = '../secrets/secret_key'")
    done = home.manage("backup")
    assert done.returncode == 1
    assert "a row names the picture '../secrets/secret_key', which leads out of the pictures' folder" in done.stderr
