"""What the foreground run says, and which configuration it goes by."""

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from doorbell_site.management.commands.run_doorbell import Command, chosen_config
from doorbell_site.running import RunPlan, attend, health_line, run_options
from pipeline.config import ConfigError
from pipeline.manager.options import set_up_nothing
from pipeline.orchestrator import PartFailed
from pipeline.orchestrator_manager import SystemHealth, SystemState


def health(uptime: float, errors: int = 0, rate: float | None = 0.25) -> SystemHealth:
    return SystemHealth(SystemState.RUNNING, uptime, {"events_per_minute": rate}, errors, 2 * errors, None, 0.98)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (health(300.4), "Running for 5 min: performance 0.98, 0.2 visits a minute, all well."),
        (
            health(7500, errors=1, rate=None),
            "Running for 2 h 5 min: performance 0.98, 1 error and 2 warnings since the start.",
        ),
    ],
)
def test_line_on_health(told: SystemHealth, line: str) -> None:
    assert health_line(told) == line


class Manager:
    """Well for two looks, then given up."""

    state = SystemState.ERROR
    last_error = "events worker ended with exit code 1"

    def __init__(self) -> None:
        self.waits = [False, False, True]

    def wait(self, timeout_s: float) -> bool:
        assert timeout_s == 300.0
        return self.waits.pop(0)

    def get_health_status(self) -> SystemHealth:
        return health(600)


def test_health_is_said_every_five_minutes_until_the_doorbell_gives_up() -> None:
    said: list[str] = []
    with pytest.raises(PartFailed, match="events worker ended with exit code 1"):
        attend(Manager(), said.append)  # type: ignore[arg-type]
    assert [line[:19] for line in said] == ["Running for 10 min:"] * 2


def test_configuration_of_a_run_comes_from_its_file_and_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOORBELL_CONFIG", "DOORBELL_PRESET", "WORKER_COUNT", "DETECTION_WORKERS", "CPU_THRESHOLD"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "night.json"
    file.write_text(json.dumps({"cpu_threshold": 71}))
    assert chosen_config(None, None) is None
    preset = chosen_config(None, "raspberry_pi")
    assert preset is not None
    assert preset.pipeline_config.face_detection.worker_count == 1
    both = chosen_config(file, "raspberry_pi")
    assert both is not None
    assert (both.cpu_threshold, both.pipeline_config.face_detection.min_face_px) == (71.0, 96)
    file.write_text(json.dumps({"cpu_treshold": 71}))
    with pytest.raises(ConfigError, match="did you mean cpu_threshold"):
        chosen_config(file, None)


def test_command_takes_a_file_and_a_preset(capsys: pytest.CaptureFixture[str]) -> None:
    parser = ArgumentParser()
    Command().add_arguments(parser)
    options = parser.parse_args(["--config", "x.json", "--preset", "high_performance", "--no-web"])
    assert (options.config, options.preset, options.no_web) == (Path("x.json"), "high_performance", True)
    with pytest.raises(SystemExit):
        parser.parse_args(["--preset", "toaster"])
    assert "'toaster'" in capsys.readouterr().err


def test_plan_of_a_run_reaches_the_manager() -> None:
    options = run_options(RunPlan(source="0", port=9000), print, set_up_nothing)
    assert options.web is not None
    assert (options.source, options.web.port, options.on_line) == ("0", 9000, None)
    silent = run_options(RunPlan(has_web=False, is_verbose=True), print, set_up_nothing)
    assert (silent.web, silent.on_line) == (None, print)
