"""Put a checked database in the place of this system's, so that it can be undone."""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from faces.models import GalleryVersion
from migration.backup.copied_database import quoted
from migration.backup.errors import RestoreError
from migration.backup.partial import sync_folder
from migration.backup.rows import attached, copy_all_rows
from migration.backup.schema import migrate_here

WAIT_S = 1.0
JOURNALS = ("-wal", "-shm", "-journal")


def refresh(database: Path) -> None:
    """Draw another gallery version, so that every process reloads, and sign everybody out: a session that was ended
    since must not come back."""
    version, sessions = quoted(GalleryVersion._meta.db_table), quoted(Session._meta.db_table)
    with closing(sqlite3.connect(database)) as copy, copy:
        drawn = (secrets.randbits(62),)
        copy.execute(f"INSERT OR REPLACE INTO {version} (id, version) VALUES (1, ?)", drawn)  # noqa: S608
        copy.execute(f"DELETE FROM {sessions}")  # noqa: S608


@contextmanager
def replaced_database(staged: Path, folder: Path) -> Iterator[None]:
    """Replace the database by the SQLite file `staged`; put the old one back when the block fails.

    folder: on the same disk as the SQLite database, private. Raises RestoreError.
    """
    if connection.vendor == "sqlite":
        with _replaced_file(Path(connection.settings_dict["NAME"]), staged, folder):
            yield
        return
    migrate_here()
    with attached(staged) as copy, transaction.atomic():
        copy_all_rows(copy, DEFAULT_DB_ALIAS)
        yield


@contextmanager
def _replaced_file(path: Path, staged: Path, folder: Path) -> Iterator[None]:
    connections.close_all()
    old = folder / "old.sqlite3"
    if path.exists():
        _insist_on_having_alone(path)
        _keep(path, old)
    moved = [(journal, _moved_aside(journal, folder)) for journal in _journals(path)]
    os.sync()
    try:
        staged.replace(path)
        sync_folder(path.parent)
        yield
    except BaseException:
        connections.close_all()
        if old.exists():
            old.replace(path)
        else:
            path.unlink(missing_ok=True)
        for journal, aside in moved:
            aside.replace(journal)
        sync_folder(path.parent)
        raise
    connections.close_all()


def _insist_on_having_alone(path: Path) -> None:
    """Fold the write-ahead log into the file, which SQLite does only for the one that has it open."""
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_S)) as database:
            is_alone = database.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    except sqlite3.OperationalError:
        is_alone = False
    except sqlite3.DatabaseError:
        return  # damaged: nothing to fold, and perhaps the reason for restoring
    if not is_alone:
        raise RestoreError(f"another process has {path} open; stop every part of the doorbell, then restore")


def _keep(path: Path, aside: Path) -> None:
    """Keep the file under a second name; a copy where the disk knows no second names."""
    try:
        os.link(path, aside)
    except OSError:
        shutil.copy2(path, aside)


def _journals(path: Path) -> list[Path]:
    return [journal for end in JOURNALS if (journal := path.with_name(path.name + end)).exists()]


def _moved_aside(journal: Path, folder: Path) -> Path:
    """A damaged database's journal would be taken for the new one's."""
    aside = folder / journal.name
    with suppress(FileNotFoundError):
        journal.replace(aside)
    return aside
