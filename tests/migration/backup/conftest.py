"""One seeded doorbell and its archives, made once; what changes them works on copies."""

from pathlib import Path

import pytest

from tests.conftest import Portraits
from tests.migration.backup.installations import Installation


@pytest.fixture(scope="session")
def seeded(portraits: Portraits, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Not to be changed."""
    home = Installation(tmp_path_factory.mktemp("seeded") / "var")
    home.seed(*portraits)
    return home


def _archive_of(home: Installation, folder: Path, *words: str) -> Path:
    done = home.manage("backup", "--to", folder, *words)
    assert done.returncode == 0, done.stderr
    (archive,) = folder.glob("*.zip")
    return archive


@pytest.fixture(scope="session")
def archive(seeded: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _archive_of(seeded, tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def secret_archive(seeded: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _archive_of(seeded, tmp_path_factory.mktemp("secret"), "--with-secrets")


@pytest.fixture
def home(seeded: Installation, tmp_path: Path) -> Installation:
    """A seeded doorbell that may be changed."""
    return seeded.copy(tmp_path / "home")


@pytest.fixture
def empty(tmp_path: Path) -> Installation:
    """A folder in which nothing has run yet."""
    return Installation(tmp_path / "empty")
