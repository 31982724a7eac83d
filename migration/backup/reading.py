"""Read an archive that may be damaged, or made to do harm."""

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migration.backup.errors import BadArchive
from migration.backup.manifest import CONFIG, DATABASE, ENVIRONMENT, MANIFEST, MEDIA, SECRETS, Manifest, Member
from migration.backup.manifest import read_manifest as parse_manifest
from migration.backup.names import is_safe

CHUNK_BYTES = 1024 * 1024
LARGEST_MANIFEST_BYTES = 256 * 1024 * 1024
LARGEST_TEXT_BYTES = 1024 * 1024


class Archive:
    """An open archive whose structure is sound: every member a plain file with a safe name of its own, and all
    of them together no larger than the archive."""

    def __init__(self, file: zipfile.ZipFile, size: int) -> None:
        """size: of the whole file, bytes. Raises BadArchive."""
        self._file = file
        entries = file.infolist()
        for entry in entries:
            _check_entry(entry)
        self.sizes = {entry.filename: entry.file_size for entry in entries}
        if len(self.sizes) != len(entries):
            raise BadArchive("two members of the archive have the same name")
        if sum(self.sizes.values()) > size:
            raise BadArchive("the members of the archive claim to be larger than the archive")

    def manifest(self) -> Manifest:
        """Raises BadArchive, also when it does not list exactly what is there."""
        if MANIFEST not in self.sizes:
            raise BadArchive(f"the archive has no {MANIFEST}: it is no backup of a doorbell")
        if self.sizes[MANIFEST] > LARGEST_MANIFEST_BYTES:
            raise BadArchive(f"{MANIFEST} is larger than {LARGEST_MANIFEST_BYTES:,} bytes")
        manifest = parse_manifest(b"".join(self._chunks(MANIFEST)))
        _check_listed(manifest, self.sizes)
        return manifest

    def chunks(self, member: Member) -> Iterator[bytes]:
        """The content; raises BadArchive at its end when it is not what the manifest says."""
        digest = hashlib.sha256()
        for chunk in self._chunks(member.name):
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != member.sha256:
            raise BadArchive(f"{member.name} is not what was written: its sha256 is {digest.hexdigest()}")

    def text(self, member: Member) -> bytes:
        """A small member as a whole. Raises BadArchive."""
        if member.size > LARGEST_TEXT_BYTES:
            raise BadArchive(f"{member.name} is larger than {LARGEST_TEXT_BYTES:,} bytes")
        return b"".join(self.chunks(member))

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            with self._file.open(name) as content:
                while chunk := content.read(CHUNK_BYTES):
                    yield chunk
        except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as error:
            raise BadArchive(f"{name} cannot be read: {error or 'the archive ends within it'}") from error


@contextmanager
def opened_archive(path: Path) -> Iterator[Archive]:
    """Raises BadArchive; FileNotFoundError and the like when there is no such file."""
    if path.exists() and not path.is_file():
        raise BadArchive(f"{path} is no file")
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
            raise BadArchive(f"{path} is no backup archive, or its end is missing: {error}") from error
        with archive:
            yield Archive(archive, path.stat().st_size)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if name != entry.orig_filename or not is_safe(name):
        raise BadArchive(f"the member {entry.orig_filename!r} has a name that leads out of the archive's folder")
    if not (name in (MANIFEST, DATABASE, CONFIG, ENVIRONMENT) or name.startswith((MEDIA, SECRETS))):
        raise BadArchive(f"the member {name!r} does not belong into a backup")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise BadArchive(f"the member {name!r} is a link or a device, not a file")
    if entry.flag_bits & 0x1:
        raise BadArchive(f"the member {name!r} is encrypted; no backup is")
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise BadArchive(f"the member {name!r} is compressed; no backup is")


def _check_listed(manifest: Manifest, sizes: dict[str, int]) -> None:
    listed = {member.name: member.size for member in manifest.members}
    if len(listed) != len(manifest.members):
        raise BadArchive(f"{MANIFEST} lists a member twice")
    for name in sorted(listed.keys() ^ (sizes.keys() - {MANIFEST})):
        raise BadArchive(f"the member {name!r} is {'missing' if name in listed else 'not listed in the manifest'}")
    if wrong := next((name for name, size in listed.items() if sizes[name] != size), None):
        raise BadArchive(f"{wrong} has {sizes[wrong]:,} bytes, and {listed[wrong]:,} were written")
    for name in (DATABASE, CONFIG, ENVIRONMENT):
        if name not in listed:
            raise BadArchive(f"the member {name!r} is missing")
    if manifest.has_secrets != any(name.startswith(SECRETS) for name in listed):
        raise BadArchive(f"{MANIFEST} is wrong about whether there are secrets")
