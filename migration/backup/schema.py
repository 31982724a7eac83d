"""Bringing a copied database to the schema of this program, in a process and a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from migration.backup.errors import RestoreError

DATABASE_FILE = "doorbell.sqlite3"  # as the settings call it in the folder that DOORBELL_VAR names
# What would lead the process back to the true installation.
LEFT_OUT = ("DATABASE_URL", "DOORBELL_CONFIG", "LEGACY_DATA_DIR", "CELERY_BROKER_URL")
LAST_WORDS = 3


def unknown_migrations(applied: Iterable[str]) -> list[str]:
    """Those that this program has never heard of: the database comes from a newer one."""
    return sorted(set(applied) - _known())


def is_current(applied: Iterable[str]) -> bool:
    return set(applied) >= _known()


def migrate_in(folder: Path) -> None:
    """Migrate the database in `folder`, or make an empty one there. Raises RestoreError."""
    _migrate({**dict.fromkeys(LEFT_OUT, ""), "DOORBELL_VAR": str(folder)})


def migrate_here() -> None:
    """Migrate this system's database, importing nothing on the way. Raises RestoreError."""
    _migrate({"LEGACY_DATA_DIR": ""})


def _migrate(changes: dict[str, str]) -> None:
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "migrate", "--no-input", "--verbosity=0"]
    done = subprocess.run(command, env={**os.environ, **changes}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        told = " ".join(done.stderr.strip().splitlines()[-LAST_WORDS:])
        raise RestoreError(f"the database cannot be brought to this program's schema: {told}")


def _known() -> set[str]:
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
