"""A consistent copy of the database while the system runs."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from migration.backup.errors import BackupError, RestoreError
from migration.backup.rows import attached, copy_all_rows
from migration.backup.schema import DATABASE_FILE, is_current, migrate_in

BUSY_S = 20.0


def take_snapshot(folder: Path) -> Path:
    """Copy the database into `folder` as one SQLite file, as of one moment. Raises BackupError."""
    copy = folder / DATABASE_FILE
    if connection.vendor == "sqlite":
        _copy_sqlite(Path(connection.settings_dict["NAME"]), copy)
    else:
        _copy_by_rows(folder)
    return copy


def _copy_sqlite(database: Path, copy: Path) -> None:
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    source_uri = f"{database.resolve().as_uri()}?mode=rw"
    try:
        with (
            closing(sqlite3.connect(source_uri, uri=True, timeout=BUSY_S)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            # In one step: in WAL mode a reader keeps nobody waiting, and copying in steps starts again at each write.
            source.backup(target, pages=-1)
            target.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"the database {database} cannot be copied: {error}") from error


def _copy_by_rows(folder: Path) -> None:
    applied = [f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()]
    if not is_current(applied):
        raise BackupError("the database has an older schema; run `manage.py migrate` first")
    try:
        migrate_in(folder)
    except RestoreError as error:
        raise BackupError(str(error)) from error
    with attached(folder / DATABASE_FILE) as copy, transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        copy_all_rows(DEFAULT_DB_ALIAS, copy)
