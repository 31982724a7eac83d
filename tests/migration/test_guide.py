"""Every command of docs/migration.md does on the real installation what the guide says."""

import io
import re
import shlex
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from events.models import Event
from faces.models import Person
from migration.models import ImportRun
from tests.conftest import REPOSITORY
from tests.migration.houses import Unpacked

GUIDE = REPOSITORY / "docs" / "migration.md"
OLD = "/home/pi/Doorbell-System"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def run(command: str, old: Path) -> str:
    """Run a line of the guide in this process; returns what it printed."""
    words = shlex.split(command.replace(OLD, str(old)))
    assert words[:2] == ["./doorbell", "manage"]
    out = io.StringIO()
    with suppress(SystemExit):  # exit code 1: something waits in the review list
        call_command(*words[2:], stdout=out)
    return out.getvalue()


def test_the_guide_has_the_commands_that_are_run_here() -> None:
    assert [shlex.split(command)[2 if command.startswith("./") else 4] for command in commands()] == [
        "import_legacy",
        "import_legacy",
        "migrate",
        "undo_import",
        "migrate",
    ]


def test_look_import_and_go_back(
    real: Unpacked,
    db: None,
    media: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    look, bring, _, back, _ = commands()
    assert "Would be done (nothing was written)" in run(look, real.root)
    assert not ImportRun.objects.exists()
    assert "visit: 20 imported" in run(bring, real.root)
    assert (tmp_path / "report.json").exists()
    assert "visit: 20 already there" in run(bring, real.root)
    with django_capture_on_commit_callbacks(execute=True):
        assert run(back, real.root).startswith("removed: 20 visits")
    assert not Event.objects.exists()
    assert not Person.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_migrate_brings_it_and_takes_it_back(real: Unpacked, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables, _, migrate = commands()[2].partition(" ./")
    back = commands()[4]
    run(back, real.root)
    with monkeypatch.context() as environment:
        for variable in shlex.split(variables.replace(OLD, str(real.root))):
            environment.setenv(*variable.split("=", 1))
        run(f"./{migrate}", real.root)
    assert ImportRun.objects.get().timezone == "Europe/Berlin"
    assert Person.objects.count() == 6
    run(back, real.root)
    assert not Person.objects.exists()
    assert not Event.objects.exists()
    run(f"./{migrate}", real.root)
    assert not Event.objects.exists(), "without the variables there is nothing to do"
