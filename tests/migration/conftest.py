"""Old installations, and their plans: reading the pictures takes seconds, so each is planned once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.base import ContentFile

from faces.models import encoding_to_bytes
from migration.legacy.tree import SourceTree
from migration.models import ImportRun, ReviewItem, ReviewKind
from migration.planning.plan import make_plan
from migration.planning.values import Plan
from tests.conftest import Portraits
from tests.migration.houses import House, Unpacked, vector

BERLIN = ZoneInfo("Europe/Berlin")
Make = Callable[..., ReviewItem]


@pytest.fixture
def house(tmp_path: Path) -> House:
    """An old installation with nothing in it yet."""
    return House(tmp_path / "old")


@pytest.fixture
def plan_of() -> Callable[[House], Plan]:
    return lambda house: make_plan(SourceTree(house.root), BERLIN)


def _unpacked(shared: Path, name: str, factory: pytest.TempPathFactory) -> Unpacked:
    archive = shared / "legacy" / f"{name}.tar.gz"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there")
    return Unpacked(archive, factory.mktemp(name))


@pytest.fixture(scope="session")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    """Written by the old programs themselves."""
    return _unpacked(shared, "legacy-install", tmp_path_factory)


@pytest.fixture(scope="session")
def broken(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    """Damaged and hostile."""
    return _unpacked(shared, "legacy-broken", tmp_path_factory)


@pytest.fixture(scope="session")
def real_plan(real: Unpacked) -> Plan:
    return make_plan(SourceTree(real.root), BERLIN)


@pytest.fixture(scope="session")
def broken_plan(broken: Unpacked) -> Plan:
    return make_plan(SourceTree(broken.root), BERLIN)


@pytest.fixture
def make(db: None, media: Path, portraits: Portraits) -> Make:
    """Something that waits in the review list: a face of `jon`, unless said otherwise."""

    def item(**fields: Any) -> ReviewItem:
        run = ImportRun.objects.create(origin="command", source="/old", timezone="UTC")
        known = {
            "run": run,
            "kind": ReviewKind.UNSEEN,
            "key": f"picture:{ReviewItem.objects.count()}",
            "source": "data/known_faces/jon_3.jpeg",
            "reason": "never seen",
            "name": "jon",
            "aliases": ["jon_3"],
            "encoding": encoding_to_bytes(vector(1).astype("float32")),
            "quality": 0.7,
            "box": [10, 110, 110, 10],
        }
        made = ReviewItem(**{**known, **fields})
        made.image.save("x.jpg", ContentFile(portraits.grace_hopper.read_bytes()), save=False)
        made.save()
        return made

    return item
