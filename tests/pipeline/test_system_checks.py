import subprocess
import sys
from pathlib import Path

from django.core.checks import Warning
from pytest_django import Settings

from pipeline.config import OrchestratorConfig
from pipeline.system_checks import HINT, check_configuration

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_configuration_without_old_keys_warns_of_nothing(settings: Settings) -> None:
    settings.DOORBELL = OrchestratorConfig()
    assert check_configuration() == []


def test_every_old_key_is_a_warning_with_a_hint(settings: Settings) -> None:
    given = {"pipeline_config": {"face_detection": {"batch_size": 2}}}
    settings.DOORBELL = OrchestratorConfig.from_dict(given, environ={})
    text = (
        "face_detection.batch_size is not used any more; in its place: "
        "pictures are worked on one by one, the newest press first; there are no batches."
    )
    assert check_configuration() == [Warning(text, hint=HINT, id="doorbell.W001")]


def test_a_wrong_setting_ends_every_command_with_a_sentence(tmp_path: Path) -> None:
    environment = {"PATH": "", "DOORBELL_VAR": str(tmp_path), "CPU_THRESHOLD": "lots"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "the configuration cannot be used: "
        "CPU_THRESHOLD is 'lots' in the environment; it must be a number above 0 to 100\n"
    )
