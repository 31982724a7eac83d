from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from pipeline.manager.states import SystemState
from pipeline.manager.status import ManagerStatus, ProcessStatus, read_status, write_status

STATUS = ManagerStatus(
    state=SystemState.RUNNING,
    pid=7,
    running_since=1000.5,
    error_count=1,
    warning_count=2,
    last_error="a camera",
    restart_attempts=3,
    processes=(ProcessStatus("events worker", "running", 8, 2, "events"),),
)


def test_status_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_status(STATUS, tmp_path)
    assert read_status(tmp_path, 7) == STATUS
    assert [path.name for path in tmp_path.iterdir()] == ["manager.json"]


def test_two_threads_that_write_at_once_never_take_each_others_draft(tmp_path: Path) -> None:
    """The draft of one, truncated by the other, would be half a status; moved away, it would be missed."""

    def write_and_read(_number: int) -> ManagerStatus:
        write_status(STATUS, tmp_path)
        return read_status(tmp_path, 7)

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(write_and_read, range(400))) == {STATUS}


def test_what_an_earlier_manager_wrote_says_nothing_of_the_present_one(tmp_path: Path) -> None:
    write_status(STATUS, tmp_path)
    assert read_status(tmp_path, 9) == ManagerStatus(SystemState.STARTING, 9)


def test_a_manager_that_has_not_written_yet_is_starting(tmp_path: Path) -> None:
    assert read_status(tmp_path, 9).state is SystemState.STARTING
    (tmp_path / "manager.json").write_text("{")
    assert read_status(tmp_path, 9).state is SystemState.STARTING


def test_what_does_not_run_has_no_uptime() -> None:
    assert replace(STATUS, running_since=None).uptime_s == 0.0
    assert STATUS.uptime_s > 1e6
