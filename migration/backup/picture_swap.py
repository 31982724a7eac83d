"""Bring pictures into the storage beside those that are there, so that it can be undone."""

import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection

from migration.backup.copied_database import picture_columns
from migration.backup.errors import RestoreError
from migration.backup.manifest import MEDIA, Manifest, Member
from migration.backup.reading import CHUNK_BYTES, Archive


@contextmanager
def added_pictures(archive: Archive, manifest: Manifest, folder: Path) -> Iterator[None]:
    """Store what is not there already with the same content; undo it when the block fails.

    folder: private, for files that have another content under the same name until the block is through.
    """
    added: list[str] = []
    replaced: dict[str, Path] = {}
    try:
        for member in manifest.pictures:
            name = member.name.removeprefix(MEDIA)
            if default_storage.exists(name):
                if _is_same(name, member):
                    continue
                replaced[name] = _kept_aside(name, folder / f"picture-{len(replaced)}")
                default_storage.delete(name)
            added.append(name)
            _store(name, archive, member)
        yield
    except BaseException:
        for name in added:
            default_storage.delete(name)
        for name, aside in replaced.items():
            with aside.open("rb") as old:
                default_storage.save(name, File(old))
        raise


def named_pictures() -> set[str] | None:
    """Every picture that the present database names; None when it cannot be read."""
    names: set[str] = set()
    try:
        tables = connection.introspection.table_names()
        for table, column in picture_columns():
            if table in tables:
                names |= _named_in(table, column)
    except DatabaseError:
        return None
    finally:
        connection.close()
    return names


def remove_pictures(names: set[str]) -> list[str]:
    """Remove what nothing names any more; a sentence when that did not work."""
    failed = [name for name in sorted(names) if not _removed(name)]
    return [f"{len(failed)} old pictures could not be removed, the first {failed[0]}."] if failed else []


def _named_in(table: str, column: str) -> set[str]:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {quote(column)} FROM {quote(table)}")  # noqa: S608 - names of models
        return {name for (name,) in cursor if name}


def _store(name: str, archive: Archive, member: Member) -> None:
    stored = default_storage.save(name, File(io.BufferedReader(_Stream(archive.chunks(member)), CHUNK_BYTES), name))
    if stored != name:
        default_storage.delete(stored)
        raise RestoreError(f"the storage calls the picture {name} {stored}; remove what has its name, then restore")


def _is_same(name: str, member: Member) -> bool:
    digest = hashlib.sha256()
    with default_storage.open(name) as picture:
        if picture.size != member.size:
            return False
        for chunk in picture.chunks(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == member.sha256


def _kept_aside(name: str, aside: Path) -> Path:
    with default_storage.open(name) as picture, aside.open("wb") as copy:
        shutil.copyfileobj(picture, copy, CHUNK_BYTES)
    return aside


def _removed(name: str) -> bool:
    try:
        default_storage.delete(name)
    except OSError:
        return False
    return True


class _Stream(io.RawIOBase):
    """Chunks as a file that can be read once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._left = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        self._left = self._left or next(self._chunks, b"")
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count
