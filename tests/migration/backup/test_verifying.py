"""Archives that are damaged, or were made to do harm. Nothing of them is used."""

import hashlib
import json
import os
import sqlite3
import stat
import warnings
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from migration.backup.errors import BadArchive
from migration.backup.verifying import verify_backup
from tests.migration.backup.installations import Installation

Change = Callable[[dict[str, bytes]], None]


class Workshop:
    """Makes archives out of a good one."""

    def __init__(self, good: Path, folder: Path) -> None:
        self.folder, self.path = folder, folder / "made.zip"
        with zipfile.ZipFile(good) as file:
            self.members = {name: file.read(name) for name in file.namelist()}

    def manifest(self) -> Any:
        return json.loads(self.members["manifest.json"])

    def listing(self, **changes: Any) -> None:
        """Have the manifest list what is there, with `changes`."""
        listed = [
            {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in self.members.items()
            if name != "manifest.json"
        ]
        self.members["manifest.json"] = json.dumps({**self.manifest(), "members": listed, **changes}).encode()

    def database(self, *statements: str) -> None:
        """Run `statements` in the database, and have the manifest agree."""
        path = self.folder / "changed.sqlite3"
        path.write_bytes(self.members["database.sqlite3"])
        with closing(sqlite3.connect(path)) as database, database:
            for statement in statements:
                database.execute(statement)
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            count = "SELECT COUNT(*) FROM "
            counts = {name: database.execute(f'{count} "{name}"').fetchone()[0] for (name,) in tables}
        self.members["database.sqlite3"] = path.read_bytes()
        self.listing(counts={name: rows for name, rows in counts.items() if not name.startswith("sqlite_")})

    def written(self, *more: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
        with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(self.path, "w", method) as file:
            for name, content in [*self.members.items(), *more]:
                file.writestr(name, content)
        return self.path

    def refusal(self, *more: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_STORED) -> str:
        with pytest.raises(BadArchive) as caught:
            verify_backup(self.written(*more, method=method))
        return str(caught.value)


@pytest.fixture
def workshop(archive: Path, tmp_path: Path) -> Workshop:
    return Workshop(archive, tmp_path)


def test_good_archive_is_good(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_backup", str(workshop.written()))
    said = capsys.readouterr().out
    assert "1 people, 1 photographs of them, 2 visits, 3 pictures" in said
    assert "Good: every member is what was written, and every picture is there." in said


def test_exit_codes_tell_damage_from_absence(workshop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("verify_backup", str(tmp_path / "none.zip"))
    assert (caught.value.returncode, str(caught.value)) == (
        2,
        f"{tmp_path / 'none.zip'} cannot be read: No such file or directory",
    )
    (tmp_path / "holiday.zip").write_bytes(b"no archive")
    with pytest.raises(CommandError, match="is no backup archive, or its end is missing") as caught:
        call_command("verify_backup", str(tmp_path / "holiday.zip"))
    assert caught.value.returncode == 1


def test_every_cut_is_noticed(archive: Path, tmp_path: Path) -> None:
    whole, cut = archive.read_bytes(), tmp_path / "cut.zip"
    for size in (0, 1, 1000, len(whole) // 2, len(whole) - 23, len(whole) - 1):
        cut.write_bytes(whole[:size])
        with pytest.raises(BadArchive):
            verify_backup(cut)


def test_every_changed_byte_of_a_member_is_noticed(archive: Path, tmp_path: Path) -> None:
    whole, changed = archive.read_bytes(), tmp_path / "changed.zip"
    for place in range(500, len(whole) - 2000, len(whole) // 40):
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BadArchive):
            verify_backup(changed)


def test_picture_changed_together_with_its_checksum_in_the_zip_is_noticed(workshop: Workshop) -> None:
    name = next(name for name in workshop.members if name.startswith("media/"))
    workshop.members[name] = workshop.members[name][:-1] + b"!"
    assert workshop.refusal().startswith(f"{name} is not what was written: its sha256 is ")


def test_missing_member_is_named(workshop: Workshop) -> None:
    name = next(name for name in workshop.members if name.startswith("media/"))
    del workshop.members[name]
    assert workshop.refusal() == f"the member {name!r} is missing"


def test_member_that_is_not_listed_is_refused(workshop: Workshop) -> None:
    assert workshop.refusal(("media/extra.jpg", b"x")) == "the member 'media/extra.jpg' is not listed in the manifest"


def test_picture_that_belongs_to_nothing_is_refused(workshop: Workshop) -> None:
    workshop.members["media/extra.jpg"] = b"x"
    workshop.listing()
    assert workshop.refusal() == "1 pictures belong to nothing in the database, the first extra.jpg"


def test_picture_left_out_of_archive_and_manifest_is_noticed(workshop: Workshop) -> None:
    name = next(name for name in workshop.members if name.startswith("media/captures"))
    del workshop.members[name]
    workshop.listing()
    lost = name.removeprefix("media/")
    assert workshop.refusal() == f"1 pictures that the database names are not in the archive, the first {lost}"


@pytest.mark.parametrize(
    "name",
    [
        "../outside.jpg",
        "media/../../outside.jpg",
        "/etc/passwd",
        "media//double.jpg",
        "media/./dot.jpg",
        "media\\..\\windows.jpg",
        "C:/windows.jpg",
        "media/line\nbreak.jpg",
        "media/" + "n" * 300,
        "media/folder/",
        "media/\u202egpj.exe",
    ],
)
def test_names_that_lead_outside_are_refused(workshop: Workshop, name: str) -> None:
    assert "has a name that leads out of the archive's folder" in workshop.refusal((name, b"x"))


def test_name_that_ends_early_is_refused(workshop: Workshop) -> None:
    path = workshop.written(("media/a.jpgXpng", b"x"))
    path.write_bytes(path.read_bytes().replace(b"media/a.jpgXpng", b"media/a.jpg\0png"))
    with pytest.raises(BadArchive, match="has a name that leads out"):
        verify_backup(path)


def test_files_that_no_backup_has_are_refused(workshop: Workshop) -> None:
    assert workshop.refusal(("run.sh", b"x")) == "the member 'run.sh' does not belong into a backup"
    workshop.members["secrets/id_rsa"] = b"x"
    workshop.listing(has_secrets=True)
    assert workshop.refusal() == "the member 'secrets/id_rsa' does not belong into a backup"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_devices_are_refused(workshop: Workshop, kind: int) -> None:
    entry = zipfile.ZipInfo("media/link.jpg")
    entry.external_attr = (kind | 0o777) << 16
    said = workshop.refusal((entry, b"/etc/passwd"))
    assert said == "the member 'media/link.jpg' is a link or a device, not a file"


def test_second_member_of_the_same_name_is_refused(workshop: Workshop) -> None:
    again = ("database.sqlite3", workshop.members["database.sqlite3"])
    assert workshop.refusal(again) == "two members of the archive have the same name"


def test_compressed_bomb_is_refused_unread(workshop: Workshop) -> None:
    workshop.members["media/bomb.jpg"] = bytes(50_000_000)
    assert workshop.refusal(method=zipfile.ZIP_DEFLATED).endswith("is compressed; no backup is")
    assert workshop.path.stat().st_size < 1_000_000


def test_members_that_share_their_bytes_are_refused(workshop: Workshop) -> None:
    """Many entries of the directory that lead to one large member: small on disk, endless to unpack."""
    with zipfile.ZipFile(workshop.path, "w") as file:
        for name, content in workshop.members.items():
            file.writestr(name, content)
        entry = file.getinfo("database.sqlite3")
        file.filelist.extend([_entry_like(entry, f"media/{number}.jpg") for number in range(20)])
        file._didModify = True  # type: ignore[attr-defined]
    with pytest.raises(BadArchive, match="the members of the archive claim to be larger than the archive"):
        verify_backup(workshop.path)


def _entry_like(entry: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.header_offset, made.CRC = entry.header_offset, entry.CRC
    made.file_size = made.compress_size = entry.file_size
    return made


def test_manifest_of_another_format_is_refused(workshop: Workshop) -> None:
    workshop.listing(format="doorbell backup 2")
    assert workshop.refusal() == (
        "the format 'doorbell backup 2' is not known here, only 'doorbell backup 1'; use the newer version"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "manifest.json is not JSON"),
        (b"[" * 100_000, "manifest.json is not JSON"),
        (b"[]", "manifest.json is not that of a doorbell's backup"),
        (b"\xff\xfe", "manifest.json is not JSON"),
    ],
)
def test_manifest_that_is_none_is_refused(workshop: Workshop, text: bytes, said: str) -> None:
    workshop.members["manifest.json"] = text
    assert workshop.refusal().startswith(said)


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": {"events_event": -1}},
        {"has_secrets": "no"},
        {"missing_pictures": ["../../etc/passwd"]},
        {"created_at": "\x1b[2Jnow"},
        {"migrations": [1]},
        {"members": 7},
    ],
)
def test_wrong_values_of_the_manifest_are_named(workshop: Workshop, changes: dict[str, Any]) -> None:
    workshop.listing(**changes)
    assert workshop.refusal() == f"manifest.json has a wrong value for {next(iter(changes))!r}"


@pytest.mark.parametrize("member", [7, {"name": "media/a.jpg"}, {"name": "a", "size": True, "sha256": "0" * 64}])
def test_wrong_members_of_the_manifest_are_refused(workshop: Workshop, member: object) -> None:
    workshop.listing(members=[member])
    assert "describes" in workshop.refusal()


def test_archive_without_manifest_is_no_backup(workshop: Workshop) -> None:
    del workshop.members["manifest.json"]
    assert workshop.refusal() == "the archive has no manifest.json: it is no backup of a doorbell"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON events_event BEGIN SELECT 1; END", "the database has a trigger 't'"),
        ("CREATE VIEW v AS SELECT 1", "the database has a view 'v'"),
        ("UPDATE faces_facesample SET image = '/etc/passwd'", "the database names the picture '/etc/passwd'"),
        ("DELETE FROM django_migrations", "the database has another schema than the manifest says"),
        ("DROP TABLE django_migrations", "the database is not a doorbell's: it has no table django_migrations"),
    ],
)
def test_database_with_traps_is_refused(workshop: Workshop, statement: str, said: str) -> None:
    workshop.database(statement)
    assert workshop.refusal().startswith(said)


def test_database_with_other_rows_than_counted_is_refused(workshop: Workshop) -> None:
    workshop.listing(counts={**workshop.manifest()["counts"], "events_event": 3})
    assert workshop.refusal() == "the database has other numbers of rows than the manifest says"


def test_damaged_database_with_a_right_checksum_is_refused(workshop: Workshop) -> None:
    database = workshop.members["database.sqlite3"]
    workshop.members["database.sqlite3"] = database[: 5 * 4096] + os.urandom(2 * 4096) + database[7 * 4096 :]
    workshop.listing()
    assert workshop.refusal().startswith(("the database is damaged: ", "the database cannot be read: "))


@pytest.mark.parametrize("text", [b"[]", b"{", b'{"cpu_threshold": "much"}', b'{"nonsense": 1}'])
def test_configuration_that_is_none_is_refused(workshop: Workshop, text: bytes) -> None:
    workshop.members["settings/config.json"] = text
    workshop.listing()
    assert workshop.refusal().startswith("settings/config.json is ")


def test_hostile_archive_is_not_restored(workshop: Workshop, home: Installation) -> None:
    before = home.state()
    done = home.manage("restore", workshop.written(("../outside.jpg", b"x")), "--yes")
    assert (done.returncode, home.state()) == (1, before)
    assert "the member '../outside.jpg' has a name that leads out of the archive's folder" in done.stderr
