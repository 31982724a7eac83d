"""Commands that show or try the doorbell begin anew, with nothing of the real one."""

import os
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from doorbell_site.apart import IS_APART, go_apart

REAL = {
    "DATABASE_URL": "postgres://house",
    "CELERY_BROKER_URL": "redis://house",
    "DOORBELL_CONFIG": "house.json",
    "MQTT_URL": "mqtt://house",
    "LEGACY_DATA_DIR": "/old/doorbell",
}


def test_nothing_of_the_real_doorbell_is_seen(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    begun: list[dict[str, str]] = []

    def begin(_program: str, _arguments: list[str], environment: dict[str, str]) -> Any:
        begun.append(environment)

    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(os, "execve", begin)
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    go_apart("demo")
    assert [begun[0][name] for name in REAL] == [""] * len(REAL)
    assert begun[0]["NOTIFICATIONS_ENABLED"] == "false"
    assert begun[0]["DOORBELL_PIN"] == "none"
    assert begun[0]["DOORBELL_VAR"] == str(tmp_path / "demo")


def test_what_is_apart_already_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(*_anything: object) -> Any:
        raise AssertionError("it began anew, again")

    monkeypatch.setattr(os, "execve", begin)
    monkeypatch.setenv(IS_APART, "demo")
    go_apart("demo")
