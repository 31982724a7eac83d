"""SQLite files of the old installation, copied aside with their journals and opened there."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from migration.legacy.errors import SourceError
from migration.legacy.tree import SourceTree

MAX_DATABASE_BYTES = 4 * 1024**3
MAX_VALUE_BYTES = 16 * 1024 * 1024
MAX_STEPS = 1_000  # times 100,000 instructions of SQLite's machine between two rows: a view that never ends
_HEADER = b"SQLite format 3\0"
# A rollback journal that ends so names a file which SQLite would delete after playing it back.
_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")
_CHUNK = 1024 * 1024


class Database:
    """A copy of an old database. `warnings`: what of it could not be taken along."""

    def __init__(self, connection: sqlite3.Connection, warnings: list[str]) -> None:
        self._connection = connection
        self._steps = 0
        self.warnings = warnings
        connection.set_progress_handler(self._is_stuck, 100_000)

    def has_table(self, table: str) -> bool:
        """Whether there is a plain table of that name: neither a view nor a virtual table."""
        found = self._connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
        ).fetchone()
        return found is not None and "virtual" not in str(found[0]).lower()[:40]

    def rows(self, table: str, key: str, columns: tuple[str, ...]) -> Iterator[sqlite3.Row]:
        """Yield the rows by `key`, an integer. Where pages are damaged, what lies beyond them is still
        read, row by row, and `warnings` says that the table is not whole.

        table, key and columns are names from our code, never from the file. Raises SourceError.
        """
        last = 0
        select = f"SELECT {', '.join((key, *columns))} FROM {table} WHERE"  # noqa: S608
        try:
            for row in self._connection.execute(f"{select} {key} > 0 ORDER BY {key}"):
                self._steps, last = 0, row[key]
                yield row
        except sqlite3.OperationalError as error:
            raise SourceError(f"the table {table} cannot be read: {error}") from error
        except sqlite3.DatabaseError as error:
            self.warnings.append(f"the table {table} is damaged ({error}): only part of it could be read")
            yield from self._beyond(f"{select} {key} = ?", table, last)

    def _beyond(self, select: str, table: str, last: int) -> Iterator[sqlite3.Row]:
        for number in range(last + 1, min(self._highest(table), last + 100_000) + 1):
            try:
                self._steps = 0
                row = self._connection.execute(select, (number,)).fetchone()
            except sqlite3.DatabaseError:
                continue
            if row is not None:
                yield row

    def _highest(self, table: str) -> int:
        try:
            found = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
        except sqlite3.DatabaseError:
            return 0
        return found[0] if found and isinstance(found[0], int) else 0

    def _is_stuck(self) -> bool:
        self._steps += 1
        return self._steps > MAX_STEPS


@contextmanager
def opened_copy(tree: SourceTree, path: str) -> Iterator[Database]:
    """Copy a database with its write-ahead log to a scratch folder and open the copy.

    Opening the original, even for reading, would change the files beside it. Raises SourceError.
    """
    with tempfile.TemporaryDirectory(prefix="doorbell-import-") as folder:
        copy = Path(folder) / "copy.db"
        try:
            warnings = _copy_quietly(tree, path, copy)
            with closing(_connected(copy)) as connection:
                yield Database(connection, warnings)
        except (sqlite3.Error, OSError) as error:
            raise SourceError(f"not a readable database: {error}") from error


def _copy_quietly(tree: SourceTree, path: str, copy: Path) -> list[str]:
    """Copy until nothing changed meanwhile: the old system may still be writing."""
    for _attempt in range(3):
        before = _marks(tree, path)
        warnings = _copy_all(tree, path, copy)
        if _marks(tree, path) == before:
            return warnings
    raise SourceError("it changes while it is read; stop the old system first")


def _marks(tree: SourceTree, path: str) -> list[tuple[int, float] | None]:
    entries = [tree.entry(path + suffix) for suffix in ("", "-wal", "-journal")]
    return [None if entry is None else (entry.size, entry.modified_at) for entry in entries]


def _copy_all(tree: SourceTree, path: str, copy: Path) -> list[str]:
    with tree.opened(path) as source:
        if source.read(len(_HEADER)) != _HEADER:
            raise SourceError("not an SQLite database")
        source.seek(0)
        _copy_file(source, copy)
    warnings = []
    # Not the -shm: it is an index over the -wal, which SQLite makes anew.
    for suffix in ("-wal", "-journal"):
        beside = copy.with_name(copy.name + suffix)
        beside.unlink(missing_ok=True)
        if tree.entry(path + suffix) is not None:
            with tree.opened(path + suffix) as source:
                _copy_file(source, beside)
            if suffix == "-journal" and _SUPER_JOURNAL in beside.read_bytes()[-64:]:
                beside.unlink()
                warnings.append("its journal names another file and was left out")
    return warnings


def _copy_file(source: BinaryIO, target: Path) -> None:
    copied = 0
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            copied += len(chunk)
            if copied > MAX_DATABASE_BYTES:
                raise SourceError(f"larger than {MAX_DATABASE_BYTES:,} bytes")
            file.write(chunk)


def _connected(copy: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(copy, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "query_only = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
