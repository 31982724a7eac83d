"""docs/legacy-api.md says what the code does."""

import re
from pathlib import Path

import pytest

from events.models import Event
from migration.compat.camera import OldCamera
from migration.compat.face_manager import OldFaceManager
from migration.compat.gpio import OldGpio
from migration.compat.notifier import OldNotifier
from migration.compat.old_settings import OldSettings
from migration.legacy_urls import urlpatterns
from pipeline.orchestrator_manager import OrchestratorManager

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "legacy-api.md").read_text()
NOT_TOLD = {"settings", "camera", "callback", "initialized", "is_passing_on", "release_light", "look", "find", "enroll"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("media")
def test_the_snippet_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the processes, which tests of the manager start."""
    monkeypatch.setattr(OrchestratorManager, "start", lambda _manager: None)
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    names: dict[str, object] = {}
    exec(compile(found[1], "docs/legacy-api.md", "exec"), names)  # noqa: S102 - our own page
    assert names["captures"] == []
    assert Event.objects.count() == 1


def test_every_old_address_is_told() -> None:
    addresses = [str(pattern.pattern) for pattern in urlpatterns]
    missing = [address for address in addresses if "/" + address.split("<")[0].rstrip("/") not in PAGE]
    assert missing == []


@pytest.mark.parametrize("part", [OldSettings, OldFaceManager, OldCamera, OldGpio, OldNotifier])
def test_every_old_name_is_told(part: type) -> None:
    names = {name for name in vars(part) if not name.startswith("_") and name != "REPLACED"} - NOT_TOLD
    names |= set(getattr(part, "REPLACED", {})) - {"TELEGRAM_BOT_TOKEN", "sent_messages"}
    told = set(re.findall(r"`(\w+)(?:\([^`]*\))?`", PAGE))
    assert sorted(names - told) == []
