"""Prove that an archive can be brought back: every hash, the database, every picture that it names."""

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from migration.backup import copied_database
from migration.backup.errors import BadArchive
from migration.backup.kept_settings import KEYS
from migration.backup.manifest import CONFIG, DATABASE, ENVIRONMENT, MEDIA, SECRETS, Manifest
from migration.backup.names import is_safe
from migration.backup.reading import Archive, opened_archive
from migration.backup.schema import DATABASE_FILE
from pipeline.config import ConfigError, OrchestratorConfig

Progress = Callable[[int, int], None]


def no_progress(_done: int, _total: int) -> None:
    pass


def verify_backup(path: Path, progress: Progress = no_progress) -> Manifest:
    """Read the whole archive and return what it holds. progress: is told bytes done and in all.

    Raises BadArchive; OSError when the file is not there or may not be read.
    """
    with opened_archive(path) as archive, tempfile.TemporaryDirectory() as folder:
        return check(archive, Path(folder), progress)


def check(archive: Archive, folder: Path, progress: Progress = no_progress) -> Manifest:
    """As `verify_backup`; the database is left in `folder` as DATABASE_FILE, checked."""
    manifest = archive.manifest()
    done, total = 0, sum(member.size for member in manifest.members)
    for member in manifest.members:
        target = _new_file(folder / DATABASE_FILE if member.name == DATABASE else Path(os.devnull))
        with os.fdopen(target, "wb") as file:
            for chunk in archive.chunks(member):
                file.write(chunk)
                done += len(chunk)
                progress(done, total)
    read_settings(archive, manifest)
    _check_database(folder / DATABASE_FILE, manifest)
    return manifest


def read_settings(archive: Archive, manifest: Manifest) -> dict[str, Any]:
    """Everything but database and pictures, by member name: parsed, secrets as text. Raises BadArchive."""
    read: dict[str, Any] = {}
    for member in manifest.members:
        try:
            if member.name in (CONFIG, ENVIRONMENT):
                read[member.name] = _json_object(archive.text(member))
            elif member.name.startswith(SECRETS):
                if member.name.removeprefix(SECRETS) not in KEYS:
                    raise BadArchive(f"the member {member.name!r} does not belong into a backup")
                read[member.name] = archive.text(member).decode()
        except (ValueError, RecursionError) as error:
            raise BadArchive(f"{member.name} is not what a backup has there: {error}") from error
    try:
        OrchestratorConfig.from_dict(dict(read[CONFIG]), environ={})
    except ConfigError as error:
        raise BadArchive(f"{CONFIG} is no configuration: {error}") from error
    return read


def _json_object(text: bytes) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _check_database(path: Path, manifest: Manifest) -> None:
    with copied_database.opened(path) as database:
        copied_database.check_whole(database)
        if copied_database.applied_migrations(database) != sorted(manifest.migrations):
            raise BadArchive("the database has another schema than the manifest says")
        if copied_database.count_rows(database) != manifest.counts:
            raise BadArchive("the database has other numbers of rows than the manifest says")
        named = copied_database.picture_names(database)
    if bad := next((name for name in sorted(named) if not is_safe(name)), None):
        raise BadArchive(f"the database names the picture {bad!r}, which leads out of the pictures' folder")
    there = {member.name.removeprefix(MEDIA) for member in manifest.pictures}
    if lost := sorted(named - there - set(manifest.missing_pictures)):
        raise BadArchive(f"{len(lost)} pictures that the database names are not in the archive, the first {lost[0]}")
    if stray := sorted(there - named):
        raise BadArchive(f"{len(stray)} pictures belong to nothing in the database, the first {stray[0]}")


def _new_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
