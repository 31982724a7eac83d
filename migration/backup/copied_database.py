"""Reading a database's copy: an SQLite file that nobody else has open, perhaps a hostile one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.apps import apps
from django.db.models import FileField

from migration.backup.errors import BadArchive


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open for reading. Raises BadArchive, also for what goes wrong inside."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema=OFF")
            yield database
    except (sqlite3.Error, OverflowError) as error:
        raise BadArchive(f"the database cannot be read: {error}") from error


def check_whole(database: sqlite3.Connection) -> None:
    """Raises BadArchive when the file is damaged, or holds what runs by itself."""
    found = [row[0] for row in database.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise BadArchive(f"the database is damaged: {'; '.join(map(str, found))}")
    strange = database.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%' LIMIT 1"
    ).fetchone()
    if strange:
        raise BadArchive(f"the database has a {strange[0]} {strange[1]!r}, which no doorbell makes")


def count_rows(database: sqlite3.Connection) -> dict[str, int]:
    """Rows by table."""
    return {
        table: database.execute(f"SELECT COUNT(*) FROM {quoted(table)}").fetchone()[0]  # noqa: S608
        for table in _tables(database)
    }


def applied_migrations(database: sqlite3.Connection) -> list[str]:
    if "django_migrations" not in _tables(database):
        raise BadArchive("the database is not a doorbell's: it has no table django_migrations")
    rows = database.execute("SELECT DISTINCT app, name FROM django_migrations")
    return sorted(f"{app}.{name}" for app, name in rows)


def picture_names(database: sqlite3.Connection) -> set[str]:
    """Every picture that a row names, in the columns that are there: the schema may be an older one."""
    names: set[str] = set()
    tables = _tables(database)
    for table, column in picture_columns():
        if table in tables and column in _columns(database, table):
            rows = database.execute(f"SELECT {quoted(column)} FROM {quoted(table)}")  # noqa: S608
            names.update(name for (name,) in rows if isinstance(name, str) and name)
    return names


def picture_columns() -> list[tuple[str, str]]:
    """Table and column of every field that names a file."""
    return [
        (model._meta.db_table, field.column or field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, FileField)
    ]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _tables(database: sqlite3.Connection) -> list[str]:
    rows = database.execute(
        r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name"
    )
    return [name for (name,) in rows]


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA table_info({quoted(table)})")}
