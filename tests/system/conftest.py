from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Portraits
from tests.system.doorbell import Doorbell


@pytest.fixture(scope="session")
def doorbell(tmp_path_factory: pytest.TempPathFactory, portraits: Portraits) -> Iterator[Doorbell]:
    """One doorbell for all tests of this folder: Grace Hopper stands at the door, and is enrolled."""
    bell = Doorbell(tmp_path_factory.mktemp("doorbell"), "--source", str(portraits.grace_hopper), "--loop")
    bell.start()
    bell.sign_up()
    bell.manage("enroll", "Grace Hopper", str(portraits.grace_hopper))
    yield bell
    bell.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
