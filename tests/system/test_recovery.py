"""Parts die, freeze and vanish while people ring: no press is lost, none decided twice, and everything comes back."""

import json
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import Portraits
from tests.pipeline.hardware.mjpeg_server import MjpegServer
from tests.system.doorbell import STOP_S, Doorbell, share_networks, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

CHILDREN = {
    "broker": ("unixsocket",),
    "detection worker 1": ("worker", "detection-"),
    "recognition worker 1": ("worker", "recognition-"),
    "events worker": ("worker", "events-"),
    "notifications worker 1": ("worker", "notifications-"),
    "camera front door": ("run_capture",),
    "web server": ("uvicorn",),
}
BACK_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def street(portraits: Portraits) -> Iterator[MjpegServer]:
    """A network camera that shows Grace Hopper."""
    with MjpegServer([portraits.grace_hopper.read_bytes()], fps=5.0) as server:
        yield server


@pytest.fixture(scope="module")
def bell(tmp_path_factory: pytest.TempPathFactory, portraits: Portraits, street: MjpegServer) -> Iterator[Doorbell]:
    """As small as a doorbell can be: nobody stands in for a worker that is gone."""
    bell = Doorbell(tmp_path_factory.mktemp("bell"), "--source", street.url)
    bell.environment |= {
        "WORKER_COUNT": "1",
        "DEBOUNCE_TIME": "0",
        "BURST_COUNT": "3",
        "MOTION_DETECTION_ENABLED": "false",
        "HEALTH_CHECK_INTERVAL": "1",
    }
    share_networks(bell.folder / "var")
    bell.start()
    bell.sign_up()
    bell.manage("enroll", "Grace Hopper", str(portraits.grace_hopper))
    wait_for(lambda: known(bell), BACK_WITHIN_S, "nobody is recognized")
    yield bell
    bell.stop()


def known(bell: Doorbell) -> bool:
    return bool(bell.decided(bell.ring())["outcome"] == "known")


def visits(bell: Doorbell) -> set[int]:
    return {number for (number,) in bell.rows("SELECT id FROM events_event")}


def attempts(bell: Doorbell, process: str) -> list[tuple[str, str]]:
    """Result and cause of every attempt to bring it back, the first one first."""
    return bell.rows("SELECT result, cause FROM health_recoveryattempt WHERE process = ? ORDER BY id", process)


def is_well(bell: Doorbell) -> bool:
    """The manager says that it runs, and every process works."""
    status = json.loads((bell.folder / "var" / "run" / "manager.json").read_text())
    return status["state"] == "running" and all(each["state"] == "running" for each in status["processes"])


def recovery(bell: Doorbell, process: str, tried: int) -> tuple[str, str]:
    """The one attempt after the first `tried`, once it went well; a web server counts as back after some seconds."""

    def is_over() -> bool:
        made = attempts(bell, process)[tried:]
        return bool(made) and made[-1][0] == "recovered" and is_well(bell)

    wait_for(is_over, BACK_WITHIN_S, f"{process} is not back")
    [made] = attempts(bell, process)[tried:]
    return made


def ring_until_heard(bell: Doorbell) -> int:
    """As a visitor does, when the button's machine is busy coming back."""
    pressed: list[int] = []

    def press() -> bool:
        try:
            pressed.append(bell.ring())
        except OSError:
            return False
        return True

    wait_for(press, BACK_WITHIN_S, "nobody answers", 0.2)
    return pressed[0]


def decisions_counted(bell: Doorbell) -> int:
    """How many visits the doorbell says that it settled, ever."""
    _, text = bell.call("GET", "/metrics")
    lines = [line for line in text.decode().splitlines() if line.startswith("doorbell_visits_total{")]
    return sum(int(float(line.rpartition(" ")[2])) for line in lines)


@pytest.mark.parametrize("process", CHILDREN)
def test_a_press_while_a_killed_process_comes_back_is_decided_once(bell: Doorbell, process: str) -> None:
    bell.let_it_rest()
    before, tried = visits(bell), len(attempts(bell, process))
    bell.child(*CHILDREN[process]).kill()
    pressed = {ring_until_heard(bell) for _ in range(2)}
    for number in pressed:
        assert bell.decided(number, BACK_WITHIN_S)["outcome"] in ("known", "no_picture")
    assert recovery(bell, process, tried) == ("recovered", "ended with signal 9 (SIGKILL)")
    assert visits(bell) - before == pressed
    assert len(pressed) == 2
    wait_for(lambda: bell.open_visits == 0, BACK_WITHIN_S, "visits are left open")
    assert decisions_counted(bell) <= len(visits(bell))
    wait_for(lambda: known(bell), BACK_WITHIN_S, "nobody is recognized any more")


def test_a_worker_that_is_frozen_is_replaced_and_its_press_decided(bell: Doorbell) -> None:
    bell.let_it_rest()
    tried = len(attempts(bell, "detection worker 1"))
    bell.child("worker", "detection-").suspend()
    number = bell.ring()
    wait_for(lambda: problems(bell, "worker detection") != [], 60, "health does not say that the worker is silent")
    assert bell.decided(number, BACK_WITHIN_S)["outcome"] == "known"
    result, cause = recovery(bell, "detection worker 1", tried)
    assert result == "recovered"
    assert cause.startswith("gave no sign of life for")


def test_a_broker_that_is_frozen_for_a_while_loses_no_press(bell: Doorbell) -> None:
    broker = bell.child("unixsocket")
    broker.suspend()
    number = bell.ring()
    broker.resume()
    assert bell.decided(number, BACK_WITHIN_S)["outcome"] == "known"
    wait_for(lambda: is_well(bell), BACK_WITHIN_S, "it does not run again")


def test_a_camera_that_vanishes_is_told_and_is_used_when_it_is_back(bell: Doorbell, street: MjpegServer) -> None:
    told, over = "WARNING pipeline.manager.monitoring: camera front door: ", "camera front door: over, after: "
    before, over_before = times_logged(bell, told), times_logged(bell, over)  # a slow start is told, too
    street.is_away.set()
    wait_for(lambda: problems(bell, "camera front door") != [], 30, "health does not say that the camera is gone")
    number = bell.ring()
    assert bell.decided(number)["outcome"] == "no_picture"
    wait_for(lambda: times_logged(bell, told) > before, 30, "it is not told that the camera is gone")
    street.is_away.clear()
    wait_for(lambda: times_logged(bell, over) > over_before, 60, "it is not told that it is back")
    assert known(bell)
    assert times_logged(bell, told) == before + 1


def times_logged(bell: Doorbell, text: str) -> int:
    return (bell.folder / "var" / "logs" / "doorbell.log").read_text().count(text)


def problems(bell: Doorbell, check: str) -> list[str]:
    _, health = bell.call("GET", "/api/health/")
    return [each["text"] for each in health["checks"] if each["check"] == check and each["level"] != "ok"]


def limit_files(bell: Doorbell, size: int) -> None:
    """Every file that the camera's process writes, picture or database, may grow to so many bytes: as under a quota."""
    limit: Any = getattr(psutil, "RLIMIT_FSIZE", None)
    if limit is None:
        pytest.skip("only Linux limits what another process writes")
    bell.child("run_capture").rlimit(limit, (size, -1))


def test_a_press_while_the_disk_takes_nothing_keeps_its_row(bell: Doorbell) -> None:
    limit_files(bell, 16 * 1024)
    number = bell.ring()
    event = bell.decided(number, BACK_WITHIN_S)
    assert (event["trigger"], event["outcome"]) in [("press", "no_picture"), ("press", "known")]
    limit_files(bell, -1)
    wait_for(lambda: known(bell), BACK_WITHIN_S, "pictures are not taken again")


def test_a_database_that_is_locked_for_longer_than_anybody_waits_is_survived(bell: Doorbell) -> None:
    before = bell.ring()
    with closing(sqlite3.connect(bell.database, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        threading.Event().wait(22.0)
        database.execute("ROLLBACK")
    assert bell.decided(before, BACK_WITHIN_S)["outcome"] in ("known", "no_picture")
    wait_for(lambda: known(bell), BACK_WITHIN_S, "nobody is recognized any more")
    wait_for(lambda: is_well(bell), BACK_WITHIN_S, "it does not run again")


def test_it_ends_as_cleanly_after_all_that(bell: Doorbell) -> None:
    assert bell.process is not None
    assert Path(f"/proc/{bell.process.pid}").exists() or psutil.pid_exists(bell.process.pid)
    family = bell.children
    bell.process.send_signal(signal.SIGINT)
    assert bell.process.wait(timeout=STOP_S) == 0
    assert psutil.wait_procs(family, timeout=STOP_S)[1] == []
