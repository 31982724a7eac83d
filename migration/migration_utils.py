"""MigrationUtils, under the name and with the answers of the old system.

    from migration.migration_utils import MigrationUtils

It may be used from a plain script in the project's folder: Django is set up at the first call.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django
from django.apps import apps


class MigrationUtils:
    """The old installation is the folder that LEGACY_DATA_DIR names, else the current folder."""

    @staticmethod
    def validate_migration_compatibility() -> dict[str, Any]:
        """Look, change nothing: `compatible`; `issues`, what stands in the way; `warnings`, what will be missing."""
        _set_up()
        from migration.answers import validate

        return validate()

    @staticmethod
    def migrate_legacy_data() -> dict[str, Any]:
        """Import, as `manage.py import_legacy` does.

        `success`; `migrated_items`, a line for each kind; `errors`; `counts`, by kind and by what became of it
        ("imported", "already there", "sent to review", "skipped").
        """
        _set_up()
        from migration.answers import migrate

        return migrate()

    @staticmethod
    def create_backup(backup_path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """Back this system up, as `manage.py backup` does: `success`; `backup_path`, the archive or None; `errors`.

        backup_path: a folder, or the name of a `.zip` file that does not exist yet.
        """
        _set_up()
        from migration.answers import back_up

        return back_up(None if backup_path is None else Path(backup_path))

    @staticmethod
    def verify_pipeline_health() -> dict[str, Any]:
        """Measure this system, now: `healthy`; `checks`, by name, whether each is without error; `issues`."""
        _set_up()
        from migration.answers import verify_health

        return verify_health()


def _set_up() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorbell_site.settings")
    if not apps.ready:
        django.setup()
