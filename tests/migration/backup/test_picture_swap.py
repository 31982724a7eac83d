"""Pictures in a storage that is no folder, as an S3-compatible one is none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from pytest_django import Settings

from migration.backup.manifest import MEDIA
from migration.backup.picture_swap import added_pictures, remove_pictures
from migration.backup.reading import opened_archive
from migration.backup.writing import write_backup
from tests import seeding
from tests.conftest import Portraits
from tests.migration.backup.installations import Installation


@pytest.fixture
def bucket(settings: Settings) -> None:
    storage = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    assert isinstance(default_storage, InMemoryStorage)


@contextmanager
def bringing(archive: Path, folder: Path) -> Iterator[None]:
    with opened_archive(archive) as opened, added_pictures(opened, opened.manifest(), folder):
        yield


def stored(names: list[str]) -> dict[str, bytes]:
    return {name: default_storage.open(name).read() for name in names if default_storage.exists(name)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("bucket")
def test_pictures_of_a_bucket_are_in_the_archive(portraits: Portraits, tmp_path: Path) -> None:
    capture = seeding.add_capture(seeding.add_event(), portraits.astronaut)
    backup = write_backup(tmp_path)
    (member,) = backup.manifest.pictures
    assert (member.name, member.size) == (f"{MEDIA}{capture.image.name}", capture.image.size)
    assert backup.manifest.missing_pictures == []


@pytest.mark.usefixtures("bucket")
def test_pictures_come_into_a_bucket_and_old_ones_go(seeded: Installation, archive: Path, tmp_path: Path) -> None:
    pictures = seeded.pictures()
    default_storage.save("old.jpg", ContentFile(b"of a visit that is no more"))
    with bringing(archive, tmp_path):
        pass
    assert stored([*pictures, "old.jpg"]) == {**pictures, "old.jpg": b"of a visit that is no more"}
    assert remove_pictures({"old.jpg"}) == []
    assert stored([*pictures, "old.jpg"]) == pictures


@pytest.mark.usefixtures("bucket")
def test_failure_leaves_a_bucket_as_it_was(seeded: Installation, archive: Path, tmp_path: Path) -> None:
    pictures = list(seeded.pictures())
    default_storage.save(pictures[0], ContentFile(b"another content"))
    with pytest.raises(OSError, match="disk full"), bringing(archive, tmp_path):
        _fail_after_looking(pictures)
    assert stored(pictures) == {pictures[0]: b"another content"}


def _fail_after_looking(pictures: list[str]) -> None:
    assert len(stored(pictures)) == 3
    assert stored(pictures)[pictures[0]] != b"another content"
    raise OSError("disk full")
