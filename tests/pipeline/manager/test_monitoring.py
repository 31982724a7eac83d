import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from health.assessment import Assessment
from health.facts import Facts
from health.findings import Finding, Level
from health.recovery import RecoveryJournal
from health.score import Score
from pipeline.config import OrchestratorConfig
from pipeline.manager import monitoring, preparing, telling
from pipeline.manager.callbacks import Callbacks
from pipeline.manager.monitoring import Attendant, Findings, Repeating
from pipeline.manager.telling import Owners
from pipeline.orchestrator import PipelineOrchestrator, SystemPlan

GONE = Finding("camera gate", Level.ERROR, "Camera gate gave its last frame 40 s ago.", "Check its power.")
FULL = Finding("disk", Level.WARNING, "Little is free.")
FINE = Finding("clock", Level.OK, "The clock is right.")


def assessment(facts: Facts, *findings: Finding, part: float = 1.0) -> Assessment:
    return Assessment(facts, (*findings, FINE), Score({"broker": part}))


def test_a_finding_counts_when_it_comes_up_and_when_it_gets_worse(well: Callable[..., Facts]) -> None:
    findings = Findings()
    worse = Finding("disk", Level.ERROR, "Nothing is free.")
    assert findings.new(assessment(well(), FULL)) == ([FULL], [])
    assert findings.new(assessment(well(), FULL)) == ([], [])
    assert findings.new(assessment(well(), worse)) == ([worse], [])
    assert findings.new(assessment(well(), FULL)) == ([], [])
    assert findings.new(assessment(well())) == ([], [FULL])
    assert (findings.errors, findings.warnings) == (1, 1)


class Heard:
    """An attendant, what it told, and what it will find next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        callbacks = Callbacks()
        for name in ("system_error", "health_update", "performance_warning"):
            callbacks.register(name, lambda facts, name=name: self.told.append((name, facts)))  # type: ignore[misc]
        monkeypatch.setattr(monitoring, "assess", lambda _config: self.next)
        self.next: Assessment | None = None
        self.attendant = Attendant(
            PipelineOrchestrator(SystemPlan()), OrchestratorConfig(), RecoveryJournal(), Owners(), callbacks,
            health=lambda _assessment: {"state": "running"}, follows_rows=False,
        )  # fmt: skip

    def measure(self, found: Assessment) -> list[tuple[str, dict[str, Any]]]:
        self.told.clear()
        self.next = found
        self.attendant.measure()
        return list(self.told)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    return Heard(monkeypatch)


def test_an_error_is_told_once_and_its_end_with_health(heard: Heard, well: Callable[..., Facts]) -> None:
    first = heard.measure(assessment(well(), GONE))
    assert [name for name, _ in first] == ["system_error", "health_update"]
    assert (first[0][1]["check"], first[0][1]["error"]) == ("camera gate", GONE.text)
    [(name, facts)] = heard.measure(assessment(well(), GONE))
    assert (name, facts["state"], facts["over"]) == ("health_update", "running", [])
    [(_, facts)] = heard.measure(assessment(well()))
    assert facts["over"] == ["camera gate"]


def test_a_low_score_is_told_with_the_part_that_pulls_it_down(
    heard: Heard,
    well: Callable[..., Facts],
) -> None:
    told = dict(heard.measure(assessment(well(), part=0.0)))
    assert told["performance_warning"]["score"] == 0.2
    assert told["performance_warning"]["part"] == "broker"
    assert "broker pulls it down most" in told["performance_warning"]["why"]


def test_a_look_that_fails_is_followed_by_the_next(caplog: pytest.LogCaptureFixture) -> None:
    looks = threading.Semaphore(0)

    def look() -> None:
        looks.release()
        raise ValueError("broken")

    repeating = Repeating("a test", look, every_s=0.001)
    repeating.start()
    assert looks.acquire(timeout=20)
    assert looks.acquire(timeout=20)
    repeating.stop()
    assert "a test failed; it goes on in 0.001 s" in caplog.messages


@pytest.mark.django_db
def test_a_press_that_the_database_refuses_is_recorded_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def refuse_twice(*, pressed_by: str) -> None:
        tries.append(pressed_by)
        if len(tries) < 3:
            raise OperationalError("database is locked")

    monkeypatch.setattr(preparing, "ring", refuse_twice)
    monkeypatch.setattr(preparing, "PRESS_PAUSE_S", 0.0)
    monkeypatch.setattr(preparing, "close_old_connections", lambda: None)
    preparing.press()
    assert tries == ["button"] * 3


@pytest.mark.django_db
def test_the_house_is_told_of_lasting_trouble_once_and_of_its_end(
    well: Callable[..., Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(telling, "system_error", lambda title, body: told.append((title, body)))
    owners = Owners()
    for found in [[GONE, FULL]] * 4 + [[], []]:
        owners.hear(assessment(well(), *found))
        owners.write()
    assert told == [
        ("Trouble: camera gate", f"{GONE.text} {GONE.remedy}"),
        ("Well again: camera gate", f"It was: {GONE.text}"),
    ]


def test_trouble_that_lasts_for_one_look_wakes_nobody(
    well: Callable[..., Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "system_error", lambda *words: pytest.fail(f"told {words}"))
    owners = Owners()
    for found in ([GONE], [], [GONE], []):
        owners.hear(assessment(well(), *found))
        owners.write()


def test_what_could_not_be_told_is_told_when_the_database_is_back(
    well: Callable[..., Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def refuse(title: str, _body: str) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(telling, "system_error", refuse)
    owners = Owners()
    owners.note("Trouble: events worker is given up", "it ended with exit code 1")
    with pytest.raises(OperationalError):
        owners.write()
    monkeypatch.setattr(telling, "system_error", lambda title, _body: told.append(title))
    owners.write()
    owners.write()
    assert told == ["Trouble: events worker is given up"]
