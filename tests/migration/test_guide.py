"""Every command of docs/migration.md does on the real installation what the guide says."""

import io
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command, get_commands
from django.utils.module_loading import import_string

from events.models import Event
from faces.models import Person
from migration.models import ImportRun
from tests.conftest import REPOSITORY
from tests.migration.backup.installations import Installation
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
        "backup",
        "import_legacy",
        "import_legacy",
        "migrate",
        "undo_import",
        "migrate",
        "restore",
    ]


def test_commands_inside_sentences_are_there() -> None:
    named = set(re.findall(r"\./doorbell manage (\w+)", GUIDE.read_text()))
    assert named <= get_commands().keys()


def test_every_old_import_has_its_new_place() -> None:
    section = GUIDE.read_text().partition("## Old imports")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    places = [place for _, new in rows for place in re.findall(r"`([a-z_.]+\.[A-Za-z]\w+)`", new)]
    assert len(places) >= 10
    for place in places:
        assert import_string(place) is not None, place


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
    _, look, bring, _, back, _, _ = commands()
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
    variables, _, migrate = commands()[3].partition(" ./")
    back = commands()[5]
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


def test_a_backup_brings_back_the_moment_before_the_import(real: Unpacked, tmp_path: Path) -> None:
    """By the guide's lines as the owner gives them, in processes of their own."""
    home = Installation(tmp_path / "var")
    backup, _, bring, *_, restore = (shlex.split(line.replace(OLD, str(real.root)))[2:] for line in commands())
    assert home.manage("migrate", "--verbosity=0").returncode == 0
    archive = home.manage(*backup).stdout.splitlines()[-1]
    before = home.rows()
    bring[-1] = str(tmp_path / bring[-1])
    assert home.manage(*bring).returncode == 1, "something waits in the review list"
    assert home.execute("SELECT COUNT(*) FROM faces_person") == [(6,)]
    done = home.manage(*[archive if word == "ARCHIVE" else word for word in restore], answer="y\n")
    assert done.returncode == 0, done.stderr
    assert home.rows() == before
    assert home.pictures() == {}


OLD_STEPS = """
from migration.migration_utils import MigrationUtils

backup = MigrationUtils.create_backup()
print(f"Backup created at: {backup['backup_path']}")
results = MigrationUtils.validate_migration_compatibility()
if results['compatible']:
    print('System is ready for migration')
migration_results = MigrationUtils.migrate_legacy_data()
print(migration_results['success'], migration_results['counts']['visit'])
health_results = MigrationUtils.verify_pipeline_health()
print(health_results['healthy'], sorted(health_results['checks'])[-1])
"""


def test_the_old_guides_steps_run_with_other_imports(real: Unpacked, tmp_path: Path) -> None:
    """In a program of its own, which sets nothing up."""
    home = Installation(tmp_path / "var")
    assert home.manage("migrate", "--verbosity=0").returncode == 0
    surroundings = home.environment(LEGACY_DATA_DIR=str(real.root), LEGACY_TIMEZONE="Europe/Berlin")
    del surroundings["DJANGO_SETTINGS_MODULE"]
    command = [sys.executable, "-c", OLD_STEPS]
    done = subprocess.run(command, cwd=REPOSITORY, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    backup, ready, migrated, health = done.stdout.splitlines()
    assert Path(backup.removeprefix("Backup created at: ")).is_file()
    assert ready == "System is ready for migration"
    assert migrated == "True {'imported': 20}"
    assert health.startswith("False "), "nothing runs here"
