from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from health import machine
from health.machine import ProcessorMeter

Times = namedtuple("Times", ["user", "idle", "iowait"])
Sensor = namedtuple("Sensor", ["current"])


def test_the_load_is_that_between_two_readings(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([Times(10, 80, 10), Times(40, 140, 20), Times(40, 140, 20)])
    monkeypatch.setattr(psutil, "cpu_times", lambda: next(readings))
    meter = ProcessorMeter()
    assert meter.read() is None
    assert meter.read() == 30.0
    assert meter.read() is None, "no time has passed"


def test_the_temperature_is_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    sensors = {"nvme": [Sensor(70.0)], "cpu_thermal": [Sensor(51.0), Sensor(53.5)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: sensors, raising=False)
    assert machine.temperature_c() == 53.5


def test_a_machine_without_sensors_has_no_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_temperatures", dict, raising=False)
    assert machine.temperature_c() is None


def test_the_disk_that_has_less_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    Usage = namedtuple("Usage", ["total", "free"])
    usages = {"/data": Usage(100 * 1024**2, 50 * 1024**2), "/media": Usage(900 * 1024**2, 20 * 1024**2)}
    monkeypatch.setattr(psutil, "disk_usage", lambda folder: usages[folder])
    found = machine.fullest_disk([Path("/data"), Path("/media")])
    assert (found.free_mb, found.total_mb) == (20, 900)


def test_the_kernel_says_whether_the_clock_is_kept_right() -> None:
    assert machine.is_clock_synchronised() in (True, False, None)


def test_other_systems_are_not_asked_about_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("health.machine.sys.platform", "darwin")
    assert machine.is_clock_synchronised() is None
