from typing import Any

import pytest

from health.checkup import CHECKS
from health.facts import ClockFact, DiskFact, ModelFact, NotificationFact, PressFact, QueueFact, StuckFact
from health.findings import Check, Finding, Level, run_checks, worst
from pipeline.config import OrchestratorConfig
from tests.health.conftest import FactsMaker, camera

OK, WARNING, ERROR = Level.OK, Level.WARNING, Level.ERROR


def troubles(well: FactsMaker, config: OrchestratorConfig, **changes: Any) -> list[tuple[str, Level, str]]:
    found = run_checks(CHECKS, well(**changes), config)
    return [(finding.check, finding.level, finding.text) for finding in found if finding.level != OK]


def test_a_doorbell_that_is_well_has_no_troubles_and_says_so_in_sentences(
    well: FactsMaker, config: OrchestratorConfig
) -> None:
    found = run_checks(CHECKS, well(), config)
    assert worst(found) == OK
    assert len(found) >= len(CHECKS)
    assert all(finding.text.endswith(".") for finding in found)


@pytest.mark.parametrize(
    ("changes", "check", "level", "text"),
    [
        ({"broker_ms": 900.0}, "broker", WARNING, "Redis answers in 900.0 ms."),
        ({"database_ms": 900.0}, "database", WARNING, "The database answers in 900.0 ms."),
        (
            {"workers": {"detection": 1, "recognition": 2, "events": 1}},
            "worker detection",
            WARNING,
            "1 of 2 workers serve the queue detection.",
        ),
        (
            {"workers": {"detection": 2, "recognition": 0, "events": 1}},
            "worker recognition",
            ERROR,
            "No worker serves the queue recognition.",
        ),
        (
            {"cameras": (camera("front door", is_live=False, silent_s=34.0, state_text="it stopped giving frames"),)},
            "camera front door",
            ERROR,
            "Camera front door gave its last frame 34 s ago. It reported: it stopped giving frames",
        ),
        (
            {"cameras": (camera("yard", is_live=False, silent_s=None, state=""),)},
            "camera yard",
            ERROR,
            "Camera yard has given no frame yet.",
        ),
        (
            {"cameras": (camera("yard", is_live=False, silent_s=7300.0),)},
            "camera yard",
            ERROR,
            "Camera yard gave its last frame 2 hours ago.",
        ),
        ({"cameras": ()}, "cameras", WARNING, "No camera is set up: presses are recorded without a picture."),
        (
            {"queues": {"detection": QueueFact(101, 12.0)}},
            "queue detection",
            WARNING,
            "101 messages in the queue detection, the oldest for 12 s. 100 are usual at most.",
        ),
        (
            {"queues": {"detection": QueueFact(1001, None)}},
            "queue detection",
            ERROR,
            "1001 messages in the queue detection. 100 are usual at most.",
        ),
        (
            {"stuck": StuckFact(2, 1)},
            "stuck rows",
            WARNING,
            "2 captures and 1 events are unfinished after 60 s.",
        ),
        ({"stuck": StuckFact(30, 0)}, "stuck rows", ERROR, "30 captures and 0 events are unfinished after 60 s."),
        ({"failures_per_minute": 11.0}, "failures", WARNING, "11.0 captures a minute could not be worked on."),
        (
            {"presses": PressFact(4, 1000.0, 6000.0)},
            "presses",
            WARNING,
            "Of 4 presses within the last hour, 95 % were decided within 6.0 s. 5 s are usual at most.",
        ),
        (
            {"notifications": NotificationFact(5, 2, 1, ())},
            "notifications",
            WARNING,
            "Within 24 hours 5 notifications were sent, 2 failed, 1 wait.",
        ),
        (
            {"notifications": NotificationFact(5, 0, 1, ("phone",))},
            "notifications",
            WARNING,
            "Within 24 hours 5 notifications were sent, 0 failed, 1 wait. Failing now: phone.",
        ),
        ({"restarts": 3}, "restarts", WARNING, "3 processes were restarted within the last hour."),
        (
            {"disk": DiskFact(800, 60_000)},
            "disk",
            WARNING,
            "800 MB of 60,000 MB are free. Below 500 MB motion takes no more pictures.",
        ),
        (
            {"disk": DiskFact(400, 60_000)},
            "disk",
            ERROR,
            "400 MB of 60,000 MB are free. Motion takes no more pictures.",
        ),
        (
            {"clock": ClockFact(True, 600.0)},
            "clock",
            ERROR,
            "The newest visit lies 600 s in the future: the clock was set back.",
        ),
        (
            {"clock": ClockFact(False, 0.0)},
            "clock",
            WARNING,
            "Nothing keeps the clock right: times of visits may be wrong.",
        ),
        ({"cpu_percent": 95.0}, "processor", WARNING, "95 % of the processor time is in use. 80 % is the limit set."),
        ({"memory_percent": 90.0}, "memory", WARNING, "90 % of the memory is in use. 85 % is the limit set."),
        ({"temperature_c": 84.0}, "temperature", WARNING, "The processor is at 84 °C."),
        ({"temperature_c": 95.0}, "temperature", ERROR, "The processor is at 95 °C."),
        ({"models": ModelFact(("x.dat is missing",), 0, 1)}, "model files", ERROR, "X.dat is missing."),
        (
            {"models": ModelFact((), 3, 4)},
            "samples",
            ERROR,
            "3 of 4 photographs were not encoded with small and recognise nobody.",
        ),
    ],
)
def test_each_trouble_is_named_in_one_sentence(
    well: FactsMaker, config: OrchestratorConfig, changes: dict[str, Any], check: str, level: Level, text: str
) -> None:
    assert troubles(well, config, **changes) == [(check, level, text)]


def test_what_is_a_trouble_is_told_with_its_remedy(well: FactsMaker, config: OrchestratorConfig) -> None:
    found = run_checks(CHECKS, well(cpu_percent=99.0, disk=DiskFact(1, 2), workers={"detection": 0}), config)
    assert [finding.level for finding in found[:3]] == [ERROR, ERROR, WARNING]
    assert all(finding.remedy for finding in found if finding.level != OK)


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (
            "broker_ms",
            "Redis, which carries the queues, does not answer: presses are kept and decided when it is back.",
        ),
        ("database_ms", "The database does not answer: nothing can be recorded."),
    ],
)
def test_a_store_that_is_away_is_an_error(well: FactsMaker, config: OrchestratorConfig, broken: str, text: str) -> None:
    (found,) = troubles(well, config, **{broken: None}, unmeasured={broken: "it does not answer"})
    assert found[1:] == (ERROR, text)


def test_what_was_not_measured_is_a_warning_and_hides_nothing_else(
    well: FactsMaker, config: OrchestratorConfig
) -> None:
    found = troubles(well, config, workers=None, cpu_percent=99.0, unmeasured={"workers": "the broker does not answer"})
    assert ("workers", WARNING, "Workers could not be looked at: the broker does not answer.") in found
    assert len(found) == 2


def test_what_could_not_be_measured_for_one_cause_is_told_once(well: FactsMaker, config: OrchestratorConfig) -> None:
    away = dict.fromkeys(("broker_ms", "workers", "queues"), "the broker does not answer")
    found = troubles(well, config, broker_ms=None, workers=None, queues=None, unmeasured=away)
    assert [check for check, *_ in found] == ["broker"]


def test_a_check_that_fails_takes_no_other_down(well: FactsMaker, config: OrchestratorConfig) -> None:
    def broken(*_: Any) -> list[Finding]:
        raise KeyError("nothing here")

    found = run_checks([Check("broken", "workers", broken), *CHECKS], well(), config)
    assert found[0].text == "Broken could not be looked at: the check itself failed: KeyError: 'nothing here'."
    assert len(found) > len(CHECKS)


@pytest.mark.parametrize(
    ("off", "changes"),
    [
        ("alert_on_high_cpu", {"cpu_percent": 99.0}),
        ("alert_on_high_memory", {"memory_percent": 99.0}),
        ("alert_on_errors", {"failures_per_minute": 99.0}),
    ],
)
def test_warnings_that_nobody_wants_can_be_switched_off(well: FactsMaker, off: str, changes: dict[str, Any]) -> None:
    assert troubles(well, OrchestratorConfig(), **changes)
    assert not troubles(well, OrchestratorConfig.from_dict({off: False}, environ={}), **changes)


def test_a_camera_that_was_only_shown_a_recording_is_not_missed(well: FactsMaker, config: OrchestratorConfig) -> None:
    ended = camera("demo", is_live=False, has_source=False, state="ended", state_text="its recording ended")
    assert [check for check, *_ in troubles(well, config, cameras=(camera("yard"), ended))] == []


def test_workers_of_other_machines_are_asked_for_once(well: FactsMaker) -> None:
    given = {"pipeline_config": {"face_detection": {"enabled": False, "worker_count": 4}}}
    config = OrchestratorConfig.from_dict(given, environ={})
    assert troubles(well, config, workers={"detection": 1, "recognition": 2, "events": 1}) == []
