import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from pipeline.config import ConfigError, OrchestratorConfig, read_config_file
from pipeline.configuration.environment import read_dotenv, read_environment
from pipeline.configuration.files import change_config_file, config_file, hand_over, load_config, write_config_file
from pipeline.configured import current_config, use_config

REPOSITORY = Path(__file__).resolve().parents[2]
PRINT = """
import json
from django.conf import settings
config = settings.DOORBELL
print(json.dumps({path: [each.value, each.source] for path, each in config.effective().items()}
                 | {"settings": [settings.DETECTOR, settings.DEBOUNCE_TIME, settings.FACE_RECOGNITION_TOLERANCE]}))
"""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOORBELL_CONFIG", "DOORBELL_PRESET", "WORKER_COUNT", "DETECTION_WORKERS", "CPU_THRESHOLD"):
        monkeypatch.delenv(name, raising=False)


def in_child(environment: dict[str, str], var: Path) -> dict[str, list[object]]:
    """What a process of its own arrives at."""
    surroundings = {"DJANGO_SETTINGS_MODULE": "doorbell_site.settings", "DOORBELL_VAR": str(var), "PATH": ""}
    command = [sys.executable, "-c", PRINT]
    child = subprocess.run(
        command, env=surroundings | environment, cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    found: dict[str, list[object]] = json.loads(child.stdout)
    return found


def test_what_a_manager_was_given_reaches_the_processes_that_it_starts(tmp_path: Path) -> None:
    given = {
        "cpu_threshold": 71,
        "pipeline_config": {
            "face_detection": {"model": "cnn", "worker_count": 3},
            "face_recognition": {"tolerance": 0.55},
            "hardware": {"button_debounce_time": 4},
        },
    }
    config = OrchestratorConfig.from_dict(given, environ={"WORKER_COUNT": "1"}, preset="raspberry_pi")
    child = in_child({**hand_over(config, tmp_path), "WORKER_COUNT": "1"}, tmp_path / "var")
    values = {path: value for path, (value, *_) in child.items() if path != "settings"}
    expected = {path: each.value for path, each in config.effective().items()}
    assert values == json.loads(json.dumps(expected))
    assert child["settings"] == ["cnn", 4.0, 0.55]
    assert child["face_detection.worker_count"] == [1, "environment WORKER_COUNT"]
    assert child["face_detection.min_face_px"] == [96, "preset raspberry_pi"]
    assert child["cpu_threshold"] == [71.0, f"file {tmp_path / 'config.json'}"]


def test_a_manager_without_a_preset_keeps_one_of_the_environment_from_its_children(tmp_path: Path) -> None:
    environment = hand_over(OrchestratorConfig(), tmp_path)
    assert environment == {"DOORBELL_CONFIG": str(tmp_path / "config.json"), "DOORBELL_PRESET": ""}


def test_the_file_handed_over_holds_only_what_was_given_and_only_for_its_owner(tmp_path: Path) -> None:
    given = {"pipeline_config": {"monitoring": {"metrics_token": "secret"}}}
    hand_over(OrchestratorConfig.from_dict(given, environ={"CPU_THRESHOLD": "50"}), tmp_path)
    path = tmp_path / "config.json"
    assert json.loads(path.read_text()) == given
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_in_the_data_folder_counts_where_no_other_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config_file(tmp_path) is None
    write_config_file(tmp_path / "config.json", {"cpu_threshold": 60})
    assert load_config(tmp_path).cpu_threshold == 60.0
    other = tmp_path / "other.json"
    write_config_file(other, {"cpu_threshold": 61})
    monkeypatch.setenv("DOORBELL_CONFIG", str(other))
    assert load_config(tmp_path).cpu_threshold == 61.0


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORBELL_CONFIG", str(tmp_path / "gone.json"))
    with pytest.raises(ConfigError, match=r"gone\.json cannot be read: No such file or directory"):
        load_config(tmp_path)


@pytest.mark.parametrize(("text", "reason"), [("{", "is not JSON"), ("[]", "holds no JSON object; write {…}")])
def test_a_file_that_is_no_json_object_is_an_error(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=reason):
        read_config_file(path)


def test_one_value_of_a_file_changes_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    write_config_file(path, {"preset": "raspberry_pi", "pipeline_config": {"face_recognition": {"margin": 0.1}}})
    change_config_file(path, {"face_recognition.tolerance": 0.52, "cpu_threshold": 70.0})
    assert json.loads(path.read_text()) == {
        "preset": "raspberry_pi",
        "pipeline_config": {"face_recognition": {"margin": 0.1, "tolerance": 0.52}},
        "cpu_threshold": 70.0,
    }


def test_a_wrong_value_changes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    with pytest.raises(ConfigError, match="tolerance is 7"):
        change_config_file(path, {"face_recognition.tolerance": 7})
    assert not path.exists()


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.json cannot be written: No such file or directory"):
        write_config_file(tmp_path / "gone" / "config.json", {})


def test_the_process_beats_the_dotenv_file_and_each_is_named(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("# limits\nCPU_THRESHOLD=50\nMEMORY_THRESHOLD='60'\nWORKER_COUNT=7\n")
    environment = read_environment(dotenv, {"CPU_THRESHOLD": "55", "MEMORY_THRESHOLD": "60"})
    assert environment.get("CPU_THRESHOLD") == "55"
    assert environment.origin("CPU_THRESHOLD") == "environment CPU_THRESHOLD"
    assert environment.origin("MEMORY_THRESHOLD") == ".env MEMORY_THRESHOLD"
    assert environment.get("WORKER_COUNT") == "7"
    assert environment.origin("WORKER_COUNT") == ".env WORKER_COUNT"


def test_no_dotenv_file_sets_nothing(tmp_path: Path) -> None:
    assert read_dotenv(tmp_path / ".env") == {}


def test_a_process_that_is_already_up_goes_by_a_new_configuration(settings: Settings) -> None:
    old = current_config()
    try:
        use_config(OrchestratorConfig.from_dict({"pipeline_config": {"hardware": {"button_debounce_time": 9}}}))
        assert settings.DEBOUNCE_TIME == 9.0
    finally:
        use_config(old)
    assert old.pipeline_config.frame_capture.debounce_time == settings.DEBOUNCE_TIME
