"""Rows run apart from the doorbell at home, and say why where they cannot."""

import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from pipeline.bench.errors import BenchError
from pipeline.bench.material import DEFAULT_DETECTOR
from pipeline.bench.private import bench_models, environment, measure_privately
from pipeline.config import OrchestratorConfig, all_keys
from pipeline.configuration.installation import INSTALLATION
from pipeline.vision.conversion import CNN_FILE, ENCODER_FILE, YUNET_FILE
from pipeline.vision.model_download import YUNET

# Where a doorbell lies that is none of the row's, and an installation that `migrate` would import.
ELSEWHERE = {
    "DATABASE_URL": "postgres://door:secret@db.example.org/door",
    "CELERY_BROKER_URL": "redis://queue.example.org:6379/0",
    "DOORBELL_CONFIG": "/etc/doorbell.json",
    "DOORBELL_PRESET": "raspberry_pi",
    "LEGACY_DATA_DIR": "/srv/old-doorbell",
    "LEGACY_TIMEZONE": "Europe/Berlin",
    "CLAIM_LEASE_S": "0.5",
    "SWEEP_INTERVAL_S": "0.5",
    "MAX_PICTURE_PIXELS": "1000",
    "MAX_PICTURE_BYTES": "1000",
    "DEBUG": "true",
}


@pytest.fixture(scope="module")
def models_dir() -> Path:
    """The networks of this test run, converted once."""
    with bench_models(settings.MODELS_DIR, None):
        return Path(settings.MODELS_DIR)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_row_does_not_see_where_the_doorbell_lies(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, ELSEWHERE[name])
    assert environment(tmp_path, "hog")[name] != ELSEWHERE[name]


def test_the_variables_that_are_hidden_exist() -> None:
    read_by_migrate = {"LEGACY_DATA_DIR", "LEGACY_TIMEZONE"}
    assert ELSEWHERE.keys() - read_by_migrate <= {variable.name for variable in INSTALLATION}


def test_a_row_has_default_settings_but_for_its_detector_and_presses_that_are_not_debounced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in all_keys():
        for name in key.rule.env:
            monkeypatch.setenv(name, "1")

    found = OrchestratorConfig.from_dict(environ=environment(tmp_path, "cnn"))

    defaults = OrchestratorConfig.from_dict(environ={})
    differing = {key.path: found[key] for key in all_keys() if found[key] != defaults[key]}
    assert differing.pop("face_detection.model") == "cnn"
    assert list(differing.values()) == [0]
    assert all("debounce" in path for path in differing)


def test_a_row_lies_in_a_folder_of_its_own_and_takes_one_thread(tmp_path: Path) -> None:
    found = environment(tmp_path, "hog")
    assert found["DOORBELL_VAR"] == str(tmp_path)
    assert found["DOORBELL_VAR"] != str(settings.VAR_DIR)
    assert found["OMP_NUM_THREADS"] == "1"


def test_the_converted_networks_are_copied_for_the_time_of_a_run(models_dir: Path) -> None:
    with bench_models(models_dir, None) as models:
        assert (models.folder / ENCODER_FILE).read_bytes() == (models_dir / ENCODER_FILE).read_bytes()
        assert (models.folder / CNN_FILE).is_file()
        assert models.without_yunet == "yunet is not installed; `./doorbell manage fetch_models` brings it"
    assert not models.folder.exists()


def test_yunet_is_taken_from_another_folder_and_not_installed_by_that(models_dir: Path, shared: Path) -> None:
    with bench_models(models_dir, shared / "models") as models:
        assert models.without_yunet == ""
        assert (models.folder / YUNET_FILE).is_file()
    assert not (models_dir / YUNET.file_name).exists()


def test_a_folder_without_yunet_says_what_is_missing_there(models_dir: Path, tmp_path: Path) -> None:
    with bench_models(models_dir, tmp_path) as models:
        assert models.without_yunet == (
            f"{tmp_path / YUNET.file_name} cannot be copied: No such file or directory; "
            "name the file or the folder it lies in"
        )


def test_another_file_under_yunets_name_is_refused(models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / YUNET.file_name).write_bytes(b"x" * YUNET.size_bytes)
    with bench_models(models_dir, tmp_path) as models:
        assert "its sha256 is" in models.without_yunet


# Another Python starts; that takes long where other programs share the processors.
@pytest.mark.timeout(300)
def test_a_row_that_cannot_be_measured_tells_its_reason(models_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "enroll" / "Anna").mkdir(parents=True)
    (tmp_path / "enroll" / "Anna" / "notes.jpg").write_text("milk, bread")
    with pytest.raises(BenchError, match=r"^/.*/Anna/notes\.jpg cannot be used: this is not a picture"):
        measure_privately("encode", models_dir, tmp_path, DEFAULT_DETECTOR)


@pytest.mark.timeout(300)
def test_a_row_that_breaks_shows_the_end_of_what_it_wrote(models_dir: Path) -> None:
    with pytest.raises(BenchError, match=r"(?s)measuring none_such ended with exit code 1:\n.*KeyError: 'none_such'$"):
        measure_privately("none_such", models_dir, None, DEFAULT_DETECTOR)


def answering(done: subprocess.CompletedProcess[str] | Exception) -> object:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        if isinstance(done, Exception):
            raise done
        return done

    return run


@pytest.mark.parametrize(
    ("done", "reason"),
    [
        (subprocess.CompletedProcess([], 0, "Please install the models\n", ""), "exit code 0:\n  Please install"),
        (subprocess.CompletedProcess([], 0, "", ""), "measuring idle ended with exit code 0"),
        (subprocess.CompletedProcess([], -9, "", "Killed"), "measuring idle ended with exit code -9:\n  Killed"),
        (subprocess.TimeoutExpired([], 1800), "measuring idle took longer than 1800 s"),
    ],
)
def test_a_process_that_ends_without_an_answer_is_a_row_that_failed(
    done: subprocess.CompletedProcess[str] | Exception,
    reason: str,
    models_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.bench.private.subprocess.run", answering(done))
    with pytest.raises(BenchError, match=reason):
        measure_privately("idle", models_dir, None, DEFAULT_DETECTOR)


def test_the_figures_are_in_the_last_line_whatever_was_said_before(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = 'a word\n{"product": 1.0, "against": 2.0, "unit": "ms", "further": {"frames": 3}}\n'
    monkeypatch.setattr(
        "pipeline.bench.private.subprocess.run", answering(subprocess.CompletedProcess([], 0, told, ""))
    )
    figures = measure_privately("idle", models_dir, None, DEFAULT_DETECTOR)
    assert (figures.product, figures.against, figures.further) == (1.0, 2.0, {"frames": 3})
