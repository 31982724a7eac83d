"""Write an archive: a ZIP file of uncompressed members, complete or not there.

Uncompressed, because pictures do not shrink and because such an archive cannot claim to be larger than it is.
"""

import hashlib
import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import django
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from doorbell_site.paths import private_folder
from migration.backup import copied_database
from migration.backup.errors import BackupError, BadArchive
from migration.backup.kept_settings import settings_files
from migration.backup.manifest import DATABASE, FORMAT, MANIFEST, MEDIA, Manifest, Member
from migration.backup.names import is_safe
from migration.backup.partial import partial_folder, sync_folder
from migration.backup.snapshot import take_snapshot

CHUNK_BYTES = 1024 * 1024
SUFFIX = ".zip"


@dataclass(frozen=True, slots=True)
class Backup:
    path: Path
    manifest: Manifest


def default_folder() -> Path:
    return Path(settings.VAR_DIR) / "backups"


def write_backup(to: Path | None = None, *, with_secrets: bool = False) -> Backup:
    """Write an archive while the system runs.

    to: a folder, made when it is not there, or the name of a `.zip` file that does not exist yet.
    Raises BackupError.
    """
    created_at = datetime.now(UTC)
    path = _final_path(to or default_folder(), created_at)
    try:
        if not path.parent.is_dir():
            private_folder(path.parent)
        with partial_folder(path.parent) as folder:
            manifest = _write(folder, created_at, with_secrets=with_secrets)
            _give_name(folder / "archive", path)
    except OSError as error:
        raise BackupError(f"the backup {path} cannot be written: {error.strerror or error}") from error
    except BadArchive as error:
        raise BackupError(f"what would go into the backup is not whole: {error}") from error
    return Backup(path, manifest)


def _final_path(to: Path, created_at: datetime) -> Path:
    to = to.expanduser().absolute()
    if to.suffix == SUFFIX and not to.is_dir():
        if to.exists():
            raise BackupError(f"{to} exists already; give another name")
        return to
    name = f"doorbell_{created_at:%Y%m%d_%H%M%S}"
    candidates = (to / f"{name}{number}{SUFFIX}" for number in ["", *(f"_{again}" for again in range(2, 1000))])
    return next(path for path in candidates if not path.exists())


def _give_name(archive: Path, path: Path) -> None:
    if path.exists():
        raise BackupError(f"{path} has appeared meanwhile; give another name")
    archive.rename(path)
    sync_folder(path.parent)


def _write(folder: Path, created_at: datetime, *, with_secrets: bool) -> Manifest:
    # The database first: every picture it names was written before, and what comes later is not in it.
    snapshot = take_snapshot(folder)
    with copied_database.opened(snapshot) as database:
        copied_database.check_whole(database)
        counts = copied_database.count_rows(database)
        applied = copied_database.applied_migrations(database)
        names = sorted(copied_database.picture_names(database))
    with _private_file(folder / "archive") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            writer = _Writer(archive, created_at)
            with snapshot.open("rb") as content:
                writer.add(DATABASE, _chunks(content))
            for name, text in settings_files(with_secrets=with_secrets):
                writer.add(name, [text])
            missing = [name for name in names if not _add_picture(writer, name)]
            manifest = Manifest(
                format=FORMAT,
                created_at=created_at.isoformat(timespec="seconds"),
                program=str(settings.SPECTACULAR_SETTINGS["VERSION"]),
                django=django.get_version(),
                database=connection.vendor,
                has_secrets=with_secrets,
                migrations=applied,
                counts=counts,
                missing_pictures=missing,
                members=writer.members,
            )
            archive.writestr(writer.entry(MANIFEST), manifest.to_json())
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _add_picture(writer: "_Writer", name: str) -> bool:
    """Whether the storage still has it: visits are forgotten while a backup is written."""
    if not is_safe(name):
        raise BackupError(f"a row names the picture {name!r}, which leads out of the pictures' folder; correct it")
    try:
        with default_storage.open(name) as picture:
            writer.add(MEDIA + name, picture.chunks(CHUNK_BYTES))
    except FileNotFoundError:
        return False
    return True


class _Writer:
    """Adds members and remembers what they are."""

    def __init__(self, archive: zipfile.ZipFile, created_at: datetime) -> None:
        self._archive, self._created_at = archive, created_at
        self.members: list[Member] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        digest, size = hashlib.sha256(), 0
        with self._archive.open(self.entry(name), "w", force_zip64=True) as member:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                member.write(chunk)
        self.members.append(Member(name, size, digest.hexdigest()))

    def entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._created_at.timetuple()[:6])
        entry.external_attr = (stat.S_IFREG | 0o600) << 16
        return entry


def _private_file(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
