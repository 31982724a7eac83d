import sys
from pathlib import Path

import pytest

from pipeline.hardware import cameras
from pipeline.hardware.cameras import CameraError, Source, first_camera, open_camera, parse_source
from pipeline.hardware.live import LiveCamera
from pipeline.hardware.source import SourceKind
from tests.conftest import Portraits
from tests.pipeline.hardware.conftest import MakeVideo
from tests.pipeline.hardware.mjpeg_server import MjpegServer


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Picamera2 and no video device, whatever this machine has."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    monkeypatch.setattr(cameras, "capture_devices", lambda: iter([]))


def test_every_kind_of_source_gives_a_frame(
    make_video: MakeVideo, portraits: Portraits, tmp_path: Path, mjpeg: MjpegServer
) -> None:
    (tmp_path / "door.jpg").write_bytes(portraits.grace_hopper.read_bytes())

    for address in (mjpeg.url, make_video(), tmp_path / "door.jpg", tmp_path):
        camera = open_camera(parse_source(str(address)), realtime=False, loop=False)
        frame = camera.read()
        camera.close()

        assert frame is not None, address
        assert frame.rgb().shape == (frame.height, frame.width, 3)


def test_bad_rate_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(ValueError, match=r"0\.0 frames a second cannot be taken"):
        open_camera(parse_source("rtsp://127.0.0.1:1/"), realtime=True, loop=True, fps=0.0)


@pytest.mark.usefixtures("bare_machine")
def test_machine_without_cameras_has_no_first_camera() -> None:
    assert first_camera() is None


@pytest.mark.usefixtures("bare_machine")
def test_auto_without_a_camera_says_what_to_name() -> None:
    with pytest.raises(CameraError) as refused:
        open_camera(parse_source("auto"), realtime=True, loop=True)

    assert str(refused.value) == (
        "no camera was found on this machine; plug one in, "
        "or name one: 0, /dev/video0, rtsp://…, http://… or a video file"
    )


def test_first_camera_is_the_first_device_that_gives_a_frame(
    bare_machine: None, monkeypatch: pytest.MonkeyPatch, mjpeg: MjpegServer
) -> None:
    """A network camera stands in for the second device; the first does not open."""

    def played(source: Source) -> LiveCamera:
        return LiveCamera(Source(SourceKind.STREAM, mjpeg.url) if source.address == "/dev/video988" else source)

    monkeypatch.setattr(cameras, "capture_devices", lambda: iter([Path("/dev/video987"), Path("/dev/video988")]))
    monkeypatch.setattr(cameras, "LiveCamera", played)

    assert first_camera() == Source(SourceKind.DEVICE, "/dev/video988")
