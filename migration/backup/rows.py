"""Copying every row between this system's database and an SQLite file of the same schema.

An archive holds SQLite whatever the system runs on, so that one check, one migration of old schemas and one
restore serve all, and a household can move from SQLite to PostgreSQL and back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models import Model

COPY = "backup_copy"
ROWS_AT_ONCE = 500


@contextmanager
def attached(path: Path) -> Iterator[str]:
    """Make the file a database that models can be read from and written to; its alias."""
    plain = {**connections[DEFAULT_DB_ALIAS].settings_dict, "ENGINE": "django.db.backends.sqlite3"}
    plain |= {"NAME": str(path), "OPTIONS": {}, "HOST": "", "PORT": "", "USER": "", "PASSWORD": ""}
    wrapper = DatabaseWrapper(plain, COPY)
    connections[COPY] = wrapper
    try:
        yield COPY
    finally:
        wrapper.close()
        del connections[COPY]


def copy_all_rows(source: str, target: str) -> None:
    """Replace every row of `target` by those of `source`, in one transaction of `target`."""
    with transaction.atomic(using=target):
        _empty(target)
        for model in _models():
            _copy_rows(model, source, target)
        connections[target].check_constraints()
        with connections[target].cursor() as cursor:
            for statement in connections[target].ops.sequence_reset_sql(no_style(), _models()):
                cursor.execute(statement)


def _copy_rows(model: type[Model], source: str, target: str) -> None:
    for row in model._base_manager.using(source).order_by("pk").iterator(chunk_size=ROWS_AT_ONCE):
        # Raw, as fixtures are loaded: times of creation and change stay what they are.
        row.save_base(raw=True, using=target, force_insert=True)


def _empty(alias: str) -> None:
    connection = connections[alias]
    tables = [model._meta.db_table for model in _models()]
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))


def _models() -> list[type[Model]]:
    models = apps.get_models(include_auto_created=True)
    return [model for model in models if model._meta.managed and not model._meta.proxy]
