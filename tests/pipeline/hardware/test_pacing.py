from datetime import timedelta

import pytest

from pipeline.hardware.fakes import FakeClock
from pipeline.hardware.pacing import Playback, Sampler


def taken(fps: float | None, times_s: list[float]) -> list[float]:
    sampler = Sampler(fps)
    return [time_s for time_s in times_s if sampler.wants(time_s)]


def test_sampler_takes_a_third_of_a_video_at_a_third_of_its_rate() -> None:
    assert len(taken(10, [n / 30 for n in range(300)])) == 100


def test_sampler_at_the_native_rate_loses_nothing_to_rounded_timestamps() -> None:
    rounded_to_ms = [round(n / 30, 3) for n in range(300)]

    assert taken(30, rounded_to_ms) == rounded_to_ms


def test_sampler_without_a_rate_takes_everything() -> None:
    assert taken(None, [0.0, 0.0, 0.1]) == [0.0, 0.0, 0.1]


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_sampler_refuses_a_rate_that_is_none(fps: float) -> None:
    with pytest.raises(ValueError, match="use a number above 0, such as 10"):
        Sampler(fps)


def test_recording_read_fast_ends_now_and_not_in_the_future() -> None:
    clock = FakeClock()
    clock.advance(100)

    playback = Playback(realtime=False, length_s=9.0, clock=clock)

    assert playback.stamp(0.0) == (91.0, clock.now() - timedelta(seconds=9))
    assert playback.stamp(9.0) == (100.0, clock.now())
    assert clock.elapsed_s == 100


def test_realtime_waits_until_a_frame_is_due_and_stamps_it_with_the_present() -> None:
    clock = FakeClock()
    playback = Playback(realtime=True, clock=clock)

    assert playback.stamp(0.4) == (0.4, clock.now())
    clock.advance(1.0)
    assert playback.is_late(0.8, tolerance_s=0.04)
    assert playback.stamp(0.8) == (1.4, clock.now())


def test_resync_makes_the_present_the_time_of_the_frame() -> None:
    clock = FakeClock()
    playback = Playback(realtime=True, clock=clock)
    clock.advance(3600)

    playback.resync(2.0)

    assert not playback.is_late(2.0, tolerance_s=0.0)
    assert playback.stamp(2.5)[0] == 3600.5
