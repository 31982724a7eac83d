"""What every test stands on: a folder of its own, two portraits, people who may sign in.

The environment is set on import, before anything reads the settings: pyproject.toml names no settings
module, because pytest-django would load it before this file.
"""

import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import redis

VAR_DIR = Path(tempfile.mkdtemp(prefix="doorbell-tests-"))
os.environ["DOORBELL_VAR"] = str(VAR_DIR)
os.environ["CELERY_BROKER_URL"] = ""  # whatever broker a .env names is somebody's doorbell
os.environ["TIME_ZONE"] = "UTC"
os.environ.pop("LEGACY_DATA_DIR", None)  # the test database would be filled from it
os.environ["DEBUG"] = "false"
os.environ["DJANGO_SETTINGS_MODULE"] = "doorbell_site.settings"

import django  # noqa: E402

django.setup()

from django.conf import settings as django_settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.test import Client  # noqa: E402
from pytest_django import Settings  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from events.broadcast import redis_client  # noqa: E402
from pipeline.broker import PrivateBroker  # noqa: E402

PASSWORD = "a long passphrase"
REPOSITORY = Path(__file__).resolve().parent.parent


class Portraits(NamedTuple):
    """Two public-domain photographs of NASA and the US Navy; one face each."""

    grace_hopper: Path
    astronaut: Path


def pytest_configure() -> None:
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure() -> None:
    shutil.rmtree(VAR_DIR, ignore_errors=True)


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        pytest.fail(f"the portraits of {package} are missing: install requirements/demo.txt, or run ./doorbell test")
    return Path(spec.origin).parent


@pytest.fixture(scope="session")
def portraits() -> Portraits:
    """The files are read where their packages lie; neither package is imported."""
    return Portraits(
        grace_hopper=_package_folder("matplotlib") / "mpl-data" / "sample_data" / "grace_hopper.jpg",
        astronaut=_package_folder("skimage") / "data" / "astronaut.png",
    )


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of photographs that may be tested with but not passed on."""
    folder = Path(os.environ.get("DOORBELL_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "media").is_dir():
        pytest.skip(f"no photographs in {folder}; DOORBELL_SHARED names another folder")
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """SQLite in a file, as it runs at home: in memory, threads would share one connection's locks."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["TEST"] = {**database.get("TEST", {}), "NAME": str(VAR_DIR / "test.sqlite3")}


@pytest.fixture(autouse=True)
def _forget_cached() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture
def media(settings: Settings, tmp_path: Path) -> Path:
    """An empty MEDIA_ROOT, for tests that say which files are there."""
    folder = tmp_path / "media"
    folder.mkdir()
    settings.MEDIA_ROOT = str(folder)
    return folder


@pytest.fixture
def owner(db: None) -> User:
    """May do everything."""
    return User.objects.create_superuser("owner", password=PASSWORD)


@pytest.fixture
def resident(db: None) -> User:
    """Signs in, looks and rings; changes nobody."""
    return User.objects.create_user("resident", password=PASSWORD)


@pytest.fixture
def web(owner: User) -> Client:
    """The owner's browser."""
    browser = Client()
    browser.force_login(owner)
    return browser


@pytest.fixture
def resident_web(resident: User) -> Client:
    browser = Client()
    browser.force_login(resident)
    return browser


def _with_token(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    return client


@pytest.fixture
def api(owner: User) -> APIClient:
    """The owner's program."""
    return _with_token(owner)


@pytest.fixture
def resident_api(resident: User) -> APIClient:
    return _with_token(resident)


class EmbeddedBroker:
    """The embedded broker, where the settings expect it, up or down as a test wants it."""

    def __init__(self) -> None:
        self._running: PrivateBroker | None = None

    def be(self, *, up: bool) -> None:
        if up and self._running is None:
            folder = Path(django_settings.VAR_DIR)
            broker = PrivateBroker(django_settings.BROKER_SOCKET, folder / "redis", folder / "logs" / "redis.log")
            broker.start()
            self._running = broker
        elif not up and self._running is not None:
            self._running.stop()
            self._running = None


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker()
    yield broker
    broker.be(up=False)


@pytest.fixture(autouse=True)
def _broker_for_those_who_ask(request: pytest.FixtureRequest, embedded_broker: EmbeddedBroker) -> None:
    """Every other test runs with the broker away, whatever ran before it."""
    if "redis_server" not in request.fixturenames:
        embedded_broker.be(up=False)


@pytest.fixture
def redis_server(embedded_broker: EmbeddedBroker) -> None:
    embedded_broker.be(up=True)


@pytest.fixture
def broker(redis_server: None) -> Iterator[redis.Redis]:
    """A client of the broker, which is empty before and after the test."""
    client = redis_client()
    client.flushdb()
    yield client
    client.flushdb()
