from pathlib import Path

import pytest

from pipeline.hardware.errors import CameraError
from pipeline.hardware.fakes import FakeClock
from pipeline.hardware.frames import Frame
from pipeline.hardware.reader import iterate
from pipeline.hardware.source import parse_source
from pipeline.hardware.videos import VideoCamera
from tests.pipeline.hardware.conftest import MakeVideo


def number_of(frame: Frame | None) -> int:
    """Which frame of the file this is: frame n is grey 20 + 10 * n."""
    assert frame is not None
    return round((float(frame.bgr.mean()) - 20) / 10)


def open_video(
    path: Path, clock: FakeClock, *, realtime: bool = False, loop: bool = False, fps: float | None = None
) -> VideoCamera:
    return VideoCamera(parse_source(str(path)), realtime=realtime, loop=loop, fps=fps, clock=clock)


@pytest.mark.parametrize("name", ["clip.avi", "clip.mp4"])
def test_fast_gives_every_frame_once_in_order(make_video: MakeVideo, name: str) -> None:
    camera = open_video(make_video(name), FakeClock())

    frames = list(iterate(camera))

    assert [number_of(frame) for frame in frames] == list(range(20))
    assert [frame.index for frame in frames] == list(range(20))
    assert camera.skipped == 0


def test_fast_keeps_the_files_own_time_and_waits_for_nothing(make_video: MakeVideo) -> None:
    clock = FakeClock()
    clock.advance(60)

    frames = list(iterate(open_video(make_video(fps=25), clock)))

    assert [frame.time_s for frame in frames] == pytest.approx([60 - 0.8 + n / 25 for n in range(20)])
    assert (frames[-1].taken_at - frames[0].taken_at).total_seconds() == pytest.approx(19 / 25, abs=1e-5)
    assert clock.elapsed_s == 60


def test_fast_with_a_rate_samples_by_the_files_timestamps(make_video: MakeVideo) -> None:
    frames = list(iterate(open_video(make_video(fps=25), FakeClock(), fps=5)))

    assert [number_of(frame) for frame in frames] == [0, 4, 9, 14, 19]


def test_realtime_plays_at_the_files_own_speed(make_video: MakeVideo) -> None:
    clock = FakeClock()
    camera = open_video(make_video(fps=25), clock, realtime=True)

    frames = list(iterate(camera))

    assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in range(20)])
    assert camera.skipped == 0


def test_realtime_drops_and_counts_late_frames_as_a_camera_would(make_video: MakeVideo) -> None:
    clock = FakeClock()
    camera = open_video(make_video(fps=25), clock, realtime=True)
    assert number_of(camera.read()) == 0

    clock.advance(0.38)
    frame = camera.read()

    # Frame 8 was due at 0.32 s, more than a frame ago; frame 9 at 0.36 s.
    assert number_of(frame) == 9
    assert camera.skipped == 8


def test_realtime_that_cannot_keep_up_still_gives_frames(make_video: MakeVideo) -> None:
    class SlowClock(FakeClock):
        """Each look at the clock costs 0.1 s: no frame is ever in time."""

        def monotonic(self) -> float:
            self.advance(0.1)
            return super().monotonic()

    camera = open_video(make_video(fps=25), SlowClock(), realtime=True, loop=True)

    assert [camera.read() is not None for _ in range(5)] == [True] * 5
    assert camera.skipped > 0
    camera.close()


def test_loop_starts_over_and_time_goes_on(make_video: MakeVideo) -> None:
    clock = FakeClock()
    camera = open_video(make_video(frames=3, fps=25), clock, realtime=True, loop=True)

    frames = [camera.read() for _ in range(7)]
    camera.close()

    assert [number_of(frame) for frame in frames] == [0, 1, 2, 0, 1, 2, 0]
    assert [frame.time_s for frame in frames if frame] == pytest.approx([n / 25 for n in range(7)])
    assert [frame.index for frame in frames if frame] == list(range(7))


def test_truncated_video_ends_where_its_bytes_do(make_video: MakeVideo) -> None:
    path = make_video()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 4 // 5])

    numbers = [number_of(frame) for frame in iterate(open_video(path, FakeClock()))]

    assert 0 < len(numbers) < 20
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"#!/bin/sh\necho hello\n" * 500, bytes(10_000)])
def test_file_that_is_no_video_is_refused(tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)

    with pytest.raises(CameraError, match=r"clip\.mp4' cannot be read as a video; check that it plays elsewhere"):
        open_video(path, FakeClock())

    assert capfd.readouterr().err == ""


def test_video_deleted_while_it_loops_is_a_camera_error(make_video: MakeVideo) -> None:
    path = make_video(frames=1)
    camera = open_video(path, FakeClock(), loop=True)
    camera.read()
    path.unlink()

    with pytest.raises(CameraError, match="cannot be read as a video"):
        camera.read()


def test_real_clip_gives_all_its_frames_in_colour(shared: Path) -> None:
    frames = list(iterate(open_video(shared / "media" / "two_visitors.mp4", FakeClock())))

    assert len(frames) == 275
    assert (frames[0].width, frames[0].height) == (640, 360)
    # Skin and stage light: more red than blue, whichever way the frames lie in memory.
    red, _, blue = frames[100].rgb().reshape(-1, 3).mean(axis=0)
    assert red > blue
