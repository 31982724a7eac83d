"""Old databases are opened as copies, with what their journals hold."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from migration.legacy.errors import SourceError
from migration.legacy.event_database import BadRow, StoredEvent, read_events
from migration.legacy.face_database import read_people
from migration.legacy.scratch import Database, opened_copy
from migration.legacy.tree import SourceTree
from tests.migration.houses import House, Unpacked, make_database


def numbers_in(database: Database, table: str = "t") -> list[int]:
    return [row["id"] for row in database.rows(table, "id", ("x",))]


@pytest.fixture
def plain(house: House) -> House:
    make_database(
        house.root / "data" / "events.db",
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT)",
        "INSERT INTO t (x) VALUES ('a'), ('b')",
    )
    return house


def test_rows_that_are_only_in_the_wal_are_read_and_no_file_changes(real: Unpacked) -> None:
    before = real.fingerprint()
    with opened_copy(SourceTree(real.root), "data/events.db") as database:
        rows = list(read_events(database))
    assert len(rows) == real.expected["events_db"]["rows"] == 10
    assert real.fingerprint() == before


def test_every_row_of_the_real_database_is_read_as_expected(real: Unpacked) -> None:
    with opened_copy(SourceTree(real.root), "data/events.db") as database:
        rows = list(read_events(database))
    for found, expected in zip(rows, real.expected["events_db"]["events"], strict=True):
        assert isinstance(found, StoredEvent)
        assert (found.event_id, found.event_type) == (expected["event_id"], expected["event_type"])
        assert found.at.strftime("%Y-%m-%dT%H:%M:%S") == expected["timestamp_utc"][:19]
        assert abs(found.at.timestamp() - expected["timestamp_epoch"]) < 1e-6
        assert [(face.status, face.name) for face in found.faces] == [
            (face["status"], face["identity"]) for face in expected["faces"]
        ]
        assert all(face.encoding is not None for face in found.faces)


def test_a_damaged_database_yields_what_can_be_read_and_says_so(broken: Unpacked) -> None:
    with opened_copy(SourceTree(broken.root), "data/events.db") as database:
        rows = [row.row for row in read_events(database)]
        warnings = database.warnings
    assert 10 < len(rows) < 60
    assert rows[-1] == 60, "rows beyond the damaged pages are read, too"
    assert warnings == ["the table events is damaged (database disk image is malformed): only part of it could be read"]


def test_a_locked_database_is_read(plain: House) -> None:
    hold = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('pragma locking_mode=exclusive'); c.execute('begin exclusive'); print('LOCKED', flush=True); input()"
    )
    command = [sys.executable, "-c", hold, str(plain.root / "data" / "events.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"LOCKED\n"
        with opened_copy(SourceTree(plain.root), "data/events.db") as database:
            assert numbers_in(database) == [1, 2]
        holder.communicate(b"\n")


def test_a_journal_that_names_another_file_is_left_behind(plain: House, tmp_path: Path) -> None:
    # SQLite would delete the file that a super-journal's name stands for.
    victim = tmp_path / "victim"
    victim.write_text("precious")
    name = str(victim).encode()
    journal = bytes.fromhex("d9d505f920a163d7") + bytes(504) + name + bytes(8) + bytes.fromhex("d9d505f920a163d7")
    plain.put("data/events.db-journal", journal)
    with opened_copy(SourceTree(plain.root), "data/events.db") as database:
        assert numbers_in(database) == [1, 2]
        assert database.warnings == ["its journal names another file and was left out"]
    assert victim.read_text() == "precious"


def test_a_view_that_never_ends_is_not_read(house: House) -> None:
    make_database(
        house.root / "data" / "events.db",
        "CREATE VIEW events AS WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM c) "
        "SELECT id, 'x' AS event_id, 'y' AS event_type, 0 AS timestamp, '' AS event_data FROM c",
    )
    with (
        pytest.raises(SourceError, match="it has no table `events`"),
        opened_copy(SourceTree(house.root), "data/events.db") as database,
    ):
        list(read_events(database))


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"SQLite format 3\0" + b"\xff" * 4000, b"no database"])
def test_what_is_no_database_is_refused(house: House, content: bytes) -> None:
    house.put("data/events.db", content)
    with (
        pytest.raises(SourceError),
        opened_copy(SourceTree(house.root), "data/events.db") as database,
    ):
        list(read_events(database))


def test_a_linked_wal_is_not_followed(plain: House, tmp_path: Path) -> None:
    (tmp_path / "wal").write_bytes(b"outside")
    (plain.root / "data" / "events.db-wal").symlink_to(tmp_path / "wal")
    with (
        pytest.raises(SourceError, match="a link"),
        opened_copy(SourceTree(plain.root), "data/events.db"),
    ):
        pass


def test_nothing_is_left_in_the_temporary_folder(plain: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with opened_copy(SourceTree(plain.root), "data/events.db") as database:
        assert numbers_in(database) == [1, 2]
        assert list(scratch.iterdir())
    assert list(scratch.iterdir()) == []


def test_rows_of_another_shape_are_reported(house: House) -> None:
    make_database(
        house.root / "data" / "events.db",
        "CREATE TABLE events (id INTEGER PRIMARY KEY, event_id, event_type, timestamp, event_data)",
        "INSERT INTO events VALUES (1, NULL, 'FACE_UNKNOWN', 0, '{}')",
        "INSERT INTO events VALUES (2, 'b', 'FACE_UNKNOWN', 'soon', '{}')",
        "INSERT INTO events VALUES (3, 'c', 'FACE_UNKNOWN', 9e99, '{}')",
        "INSERT INTO events VALUES (4, 'd', 'FACE_UNKNOWN', 1, 'not json')",
        "INSERT INTO events VALUES (5, 'e', 'FACE_UNKNOWN', 1, x'8004')",
        "INSERT INTO events VALUES (6, 'f', 'FACE_UNKNOWN', 1, '{\"recognitions\": 5}')",
        "INSERT INTO events VALUES (7, 'g', 'FACE_UNKNOWN', 1, '{\"recognitions\": [{\"status\": \"unknown\"}, 3]}')",
        "INSERT INTO events VALUES (8, 'h', 'SYSTEM_STARTED', 1, NULL)",
    )
    with opened_copy(SourceTree(house.root), "data/events.db") as database:
        rows = {row.row: row for row in read_events(database)}
    assert [number for number, row in rows.items() if isinstance(row, BadRow)] == [1, 2, 3, 4, 5, 6]
    assert len(rows[7].faces) == 1  # type: ignore[union-attr]


def test_the_face_database_of_the_broken_installation_is_read_as_far_as_it_is_good(broken: Unpacked) -> None:
    with opened_copy(SourceTree(broken.root), "data/faces.db") as database:
        people, bad = read_people(database)
    found = {person.person_id: (person.name, person.is_blocked, len(person.faces)) for person in people}
    assert found == {
        "alice": ("Alice", False, 1),
        "agent_x": ("Agent X", True, 1),
        "html": ("<b>Zoë</b>", None, 1),
        "dup_a": ("Same Name", False, 1),
        "dup_b": ("Same Name", False, 1),
        "anon_1": (None, False, 1),
    }
    assert {face.row: face.reason for face in bad} == {
        "encoding 7": "belongs to nobody: there is no person 'ghost'",
        "encoding 8": "its encoding is not JSON",
        "encoding 9": "an encoding has 128 numbers, this one has 64",
        "encoding 10": "the encoding holds something that is no number",
        "encoding 11": "its encoding is no text that holds 128 numbers",
    }


def test_the_copy_is_only_read(plain: House) -> None:
    with (
        pytest.raises(SourceError, match="attempt to write a readonly database"),
        opened_copy(SourceTree(plain.root), "data/events.db") as database,
    ):
        database._connection.execute("DELETE FROM t")
    with closing(sqlite3.connect(plain.root / "data" / "events.db")) as original:
        assert original.execute("SELECT count(*) FROM t").fetchone() == (2,)
