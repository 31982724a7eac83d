from pathlib import Path

import pytest
import redis

from events.models import Camera
from pipeline import camera_figures
from pipeline.camera_figures import CameraFigures, FrameRate, tell_figures

FIGURES = CameraFigures(fps=9.5, frames=100, skipped=3, motion_events=2, press_events=1, captures=12)


def test_another_process_reads_what_a_camera_counts(broker: redis.Redis) -> None:
    tell_figures(Camera(pk=7), FIGURES)
    assert camera_figures.camera_figures([6, 7]) == {7: FIGURES}
    assert camera_figures.camera_figures([]) == {}


def test_figures_of_a_process_that_fell_silent_run_out(broker: redis.Redis) -> None:
    tell_figures(Camera(pk=7), FIGURES)
    assert 0 < broker.ttl("doorbell:camera:7") <= camera_figures.EXPIRES_S


def test_a_camera_goes_on_without_redis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nobody = redis.Redis.from_url(f"unix://{tmp_path}/redis.sock")
    monkeypatch.setattr(camera_figures, "redis_client", lambda: nobody)
    tell_figures(Camera(pk=7), FIGURES)


def test_the_frame_rate_is_of_the_time_since_the_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 102.0, 104.0])
    monkeypatch.setattr("pipeline.camera_figures.time.monotonic", lambda: next(times))
    rate = FrameRate()
    assert rate.since_last(20) == 10.0
    assert rate.since_last(25) == 2.5
