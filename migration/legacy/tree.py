"""The folder of an old installation: read below one root, never through a link, never written to."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from migration.legacy.errors import SourceError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe that somebody called jon.jpg would wait for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class EntryKind(Enum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "device, pipe or socket"


@dataclass(frozen=True, slots=True)
class Entry:
    """`path` is relative to the installation, with `/`; it may hold surrogates for bytes that are no UTF-8.
    `modified_at`: seconds since 1970."""

    path: str
    name: str
    kind: EntryKind
    size: int
    modified_at: float


class SourceTree:
    """Every path is walked from `root` folder by folder, so that no link on the way leads outside."""

    def __init__(self, root: Path) -> None:
        """`root` itself may be a link: the owner named it. Raises SourceError when it is no folder."""
        self.root = root.resolve()
        if not self.root.is_dir():
            raise SourceError(f"{root} is not a folder; give the folder of the old installation")

    def entries(self, folder: str) -> list[Entry]:
        """Return what lies in `folder`, by name; nothing when there is no such folder.

        Raises SourceError when it is a link, no folder, or may not be read.
        """
        try:
            with self._opened(folder, _FOLDER) as descriptor, os.scandir(descriptor) as found:
                return sorted((_entry(folder, item) for item in found), key=lambda entry: entry.name)
        except FileNotFoundError:
            return []

    def entry(self, path: str) -> Entry | None:
        """Return what `path` is; None when there is nothing."""
        folder, _, name = path.rpartition("/")
        try:
            with self._opened(folder, _FOLDER) as descriptor:
                return _described(path, name, os.stat(name, dir_fd=descriptor, follow_symlinks=False))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _reason(path, error) from error

    def has_file(self, path: str) -> bool:
        try:
            entry = self.entry(path)
        except SourceError:
            return False
        return entry is not None and entry.kind is EntryKind.FILE

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """Open a regular file. Raises SourceError when it is anything else or may not be read."""
        try:
            with self._opened(path, _FILE) as descriptor:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise SourceError("not a regular file")
                with open(descriptor, "rb", closefd=False) as file:
                    yield file
        except FileNotFoundError as error:
            raise SourceError("there is no such file") from error

    def read(self, path: str, max_bytes: int) -> bytes:
        """Return the whole file. Raises SourceError, also when it is larger than `max_bytes`."""
        with self.opened(path) as file:
            try:
                content = file.read(max_bytes + 1)
            except OSError as error:
                raise _reason(path, error) from error
        if len(content) > max_bytes:
            raise SourceError(f"larger than {max_bytes:,} bytes")
        return content

    @contextmanager
    def _opened(self, path: str, flags: int) -> Iterator[int]:
        parts = path.split("/") if path else []
        if any(part in ("", ".", "..") or "\0" in part for part in parts):
            raise SourceError("the path leads out of the installation")
        descriptor = os.open(self.root, _FOLDER)
        try:
            for number, part in enumerate(parts, start=1):
                above, descriptor = descriptor, _open_in(descriptor, part, flags if number == len(parts) else _FOLDER)
                os.close(above)
            yield descriptor
        finally:
            os.close(descriptor)


def _open_in(folder: int, name: str, flags: int) -> int:
    try:
        return os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        try:
            is_link = stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
        except OSError:
            is_link = False
        raise SourceError("a link: links are not followed") if is_link else _reason(name, error) from error


def _entry(folder: str, item: "os.DirEntry[str]") -> Entry:
    return _described(f"{folder}/{item.name}" if folder else item.name, item.name, item.stat(follow_symlinks=False))


def _described(path: str, name: str, found: os.stat_result) -> Entry:
    if stat.S_ISREG(found.st_mode):
        kind = EntryKind.FILE
    elif stat.S_ISDIR(found.st_mode):
        kind = EntryKind.FOLDER
    else:
        kind = EntryKind.LINK if stat.S_ISLNK(found.st_mode) else EntryKind.OTHER
    return Entry(path, name, kind, found.st_size, found.st_mtime)


def _reason(path: str, error: OSError) -> SourceError:
    return SourceError(f"cannot be read: {error.strerror or error}")
