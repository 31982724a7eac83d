"""Bring an archive back.

Everything is read and checked first. Then the pictures are added beside those that are there, the database is
replaced in one step, the settings follow, and only at the end do the pictures go that nothing names any more. What
fails on the way is undone. At whatever point the process is killed, the database is the old or the new one, and its
pictures are there: the same command, given again, completes it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection

from events.models import Event
from events.notifications.models import NotificationChannel
from events.notifications.sealing import ConfigUnreadable
from migration.backup import copied_database
from migration.backup.database_swap import refresh, replaced_database
from migration.backup.errors import BadArchive, RestoreError
from migration.backup.manifest import Manifest
from migration.backup.partial import partial_folder
from migration.backup.picture_swap import added_pictures, named_pictures, remove_pictures
from migration.backup.reading import Archive, opened_archive
from migration.backup.schema import DATABASE_FILE, is_current, migrate_in, unknown_migrations
from migration.backup.settings_swap import replaced_settings, settings_notes
from migration.backup.verifying import Progress, check, no_progress, read_settings
from migration.importing.run import only_import
from pipeline.run_lock import only_run


@dataclass(frozen=True, slots=True)
class Restored:
    """notes: sentences about what the owner should know or do."""

    manifest: Manifest
    was_migrated: bool
    notes: tuple[str, ...]


def restore_backup(path: Path, progress: Progress = no_progress) -> Restored:
    """Replace what this installation holds by what the archive holds.

    Raises BadArchive, RestoreError, AlreadyRunning, ImportBusy, or OSError when the archive cannot be opened; the
    installation is then as it was.
    """
    var = Path(settings.VAR_DIR)
    with (
        only_run(Path(settings.RUN_DIR) / "doorbell.lock"),
        only_import(),
        opened_archive(path) as archive,
        partial_folder(var) as folder,
    ):
        manifest = check(archive, folder, progress)
        kept = read_settings(archive, manifest)
        was_migrated = _bring_up_to_date(folder, manifest)
        with _failures_told():
            notes = _replace(archive, manifest, folder, kept)
    return Restored(manifest, was_migrated, tuple(notes))


def _bring_up_to_date(folder: Path, manifest: Manifest) -> bool:
    """Whether the copied database had to be migrated."""
    if unknown := unknown_migrations(manifest.migrations):
        raise RestoreError(
            f"the backup comes from a newer version of the doorbell: {unknown[0]} is not known here; "
            "update the program, then restore"
        )
    was_old = not is_current(manifest.migrations)
    if was_old:
        migrate_in(folder)
    refresh(folder / DATABASE_FILE)
    return was_old


def _replace(archive: Archive, manifest: Manifest, folder: Path, kept: dict[str, Any]) -> list[str]:
    before = named_pictures()
    with copied_database.opened(folder / DATABASE_FILE) as database:
        after = copied_database.picture_names(database)
        events = copied_database.count_rows(database)[Event._meta.db_table]
    with (
        added_pictures(archive, manifest, folder),
        replaced_database(folder / DATABASE_FILE, folder),
        replaced_settings(kept, folder),
    ):
        if (found := Event.objects.count()) != events:
            raise RestoreError(f"{found} visits arrived in the database instead of {events}")
        notes = [*_channel_notes(kept), *settings_notes(kept)]
    if before is None:
        notes.append("The old database could not be read: pictures that only it named are still in the storage.")
    return notes + remove_pictures((before or set()) - after)


def _channel_notes(kept: dict[str, Any]) -> Iterator[str]:
    """Whether the channels' settings can be read with the key that is used from now on."""
    if any(name.startswith("secrets/") for name in kept):
        return
    locked = [channel.name for channel in NotificationChannel.objects.all() if not _is_readable(channel)]
    if locked:
        yield (
            f"The settings of these channels were sealed with another key: {', '.join(locked)}. Enter them again, "
            "or restore a backup that was made --with-secrets."
        )


def _is_readable(channel: NotificationChannel) -> bool:
    try:
        return bool(channel.config) or True
    except ConfigUnreadable:
        return False


@contextmanager
def _failures_told() -> Iterator[None]:
    """Say what went wrong, and that it was undone."""
    try:
        yield
    except OSError as error:
        raise RestoreError(f"{error.filename or 'a file'}: {error.strerror or error}; everything was undone") from error
    except DatabaseError as error:
        raise RestoreError(f"the {connection.vendor} database refused: {error}; everything was undone") from error
    except (ValueError, TypeError, ValidationError) as error:
        raise RestoreError(f"a row of the backup has an impossible value: {error}; everything was undone") from error
    except BadArchive as error:
        raise RestoreError(f"the archive changed while it was read: {error}; everything was undone") from error
