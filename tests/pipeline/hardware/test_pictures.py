import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.hardware.errors import CameraError
from pipeline.hardware.fakes import FakeClock
from pipeline.hardware.pictures import PictureCamera
from pipeline.hardware.reader import iterate
from pipeline.hardware.source import parse_source
from pipeline.vision.images import decode_image
from tests.conftest import Portraits
from tests.pipeline.hardware.mjpeg_server import jpeg_of


def open_pictures(
    path: Path, clock: FakeClock, *, realtime: bool = False, loop: bool = False, fps: float | None = None
) -> PictureCamera:
    return PictureCamera(parse_source(str(path)), realtime=realtime, loop=loop, fps=fps, clock=clock)


def test_picture_is_one_frame_with_the_pictures_own_pixels(portraits: Portraits) -> None:
    frames = list(iterate(open_pictures(portraits.grace_hopper, FakeClock())))

    assert len(frames) == 1
    assert np.array_equal(frames[0].rgb(), decode_image(portraits.grace_hopper.read_bytes()))


def test_picture_as_a_live_camera_repeats_ten_times_a_second(portraits: Portraits) -> None:
    clock = FakeClock()
    camera = open_pictures(portraits.astronaut, clock, realtime=True, loop=True)

    frames = [camera.read() for _ in range(5)]
    camera.close()

    assert [frame.time_s for frame in frames if frame] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_live_picture_that_was_late_comes_a_period_apart_again(portraits: Portraits) -> None:
    clock = FakeClock()
    camera = open_pictures(portraits.astronaut, clock, realtime=True, loop=True, fps=5)
    camera.read()
    clock.advance(60)

    frames = [camera.read() for _ in range(3)]
    camera.close()

    assert [frame.time_s for frame in frames if frame] == pytest.approx([60.0, 60.2, 60.4])


def test_folder_gives_its_pictures_by_name(tmp_path: Path, portraits: Portraits) -> None:
    shutil.copy(portraits.astronaut, tmp_path / "2.png")
    (tmp_path / "1.jpg").write_bytes(jpeg_of(100))
    (tmp_path / "readme.txt").write_text("not looked at")
    (tmp_path / "folder.jpg").mkdir()

    frames = list(iterate(open_pictures(tmp_path, FakeClock(), fps=2)))

    assert [(frame.width, frame.index) for frame in frames] == [(64, 0), (512, 1)]
    assert frames[1].time_s - frames[0].time_s == pytest.approx(0.5)


def test_unreadable_picture_is_reported_once_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "1.jpg").write_bytes(jpeg_of(100))
    (tmp_path / "2.jpg").write_bytes(b"<script>alert(1)</script>")
    camera = open_pictures(tmp_path, FakeClock(), loop=True)

    with caplog.at_level(logging.WARNING):
        frames = [camera.read() for _ in range(3)]
    camera.close()

    assert all(frames)
    assert len(caplog.records) == 1
    assert caplog.messages[0].startswith(f"picture {tmp_path}/2.jpg is left out: ")


def test_picture_added_while_the_folder_loops_is_seen_in_the_next_round(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(jpeg_of(100))
    camera = open_pictures(tmp_path, FakeClock(), loop=True)
    camera.read()
    (tmp_path / "2.jpg").write_bytes(jpeg_of(100, width=32))

    widths = [frame.width for _ in range(2) if (frame := camera.read())]
    camera.close()

    assert widths == [64, 32]


@pytest.mark.parametrize("loop", [False, True])
def test_folder_without_a_readable_picture_is_a_camera_error(tmp_path: Path, loop: bool) -> None:
    (tmp_path / "1.jpg").write_bytes(b"")

    with pytest.raises(CameraError, match="holds no picture that can be read; use JPEG or PNG files"):
        open_pictures(tmp_path, FakeClock(), loop=loop).read()


def test_folder_that_vanished_is_a_camera_error(tmp_path: Path) -> None:
    source = parse_source(str(tmp_path))
    tmp_path.rmdir()

    with pytest.raises(CameraError, match="cannot be listed"):
        PictureCamera(source, realtime=True, loop=True).read()
