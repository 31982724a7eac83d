"""The ground of the tests holds."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from rest_framework.test import APIClient

from tests.conftest import REPOSITORY, VAR_DIR, Portraits


def test_nothing_is_written_into_the_repository() -> None:
    assert VAR_DIR == settings.VAR_DIR
    assert not Path(settings.MEDIA_ROOT).is_relative_to(REPOSITORY)


def test_portraits_are_pictures(portraits: Portraits) -> None:
    assert portraits.grace_hopper.read_bytes().startswith(b"\xff\xd8\xff")
    assert portraits.astronaut.read_bytes().startswith(b"\x89PNG")


def test_media_fixture_moves_the_storage(media: Path) -> None:
    default_storage.save("captures/a.jpg", ContentFile(b"x"))
    assert [path.name for path in media.rglob("*.jpg")] == ["a.jpg"]


@pytest.mark.django_db
def test_clients_belong_to_their_users(web: Client, api: APIClient, resident_web: Client) -> None:
    assert web.session["_auth_user_id"] == str(User.objects.get(username="owner").pk)
    assert resident_web.session["_auth_user_id"] == str(User.objects.get(username="resident").pk)
    assert (
        settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3"
        or VAR_DIR.joinpath("test.sqlite3").exists()
    )
