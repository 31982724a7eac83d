import struct
from pathlib import Path

import pytest

from pipeline.hardware.devices import _is_camera, capture_devices, why_closed

CAPTURE, META, MEM2MEM_MPLANE, STREAMING, DEVICE_CAPS = 0x1, 0x00800000, 0x4000, 0x04000000, 0x80000000


def capability(whole_hardware: int, this_device: int = 0) -> bytes:
    """struct v4l2_capability as a kernel would fill it."""
    return struct.pack("=16s32s32sIII12x", b"uvcvideo", b"Webcam", b"usb-1", 0x060100, whole_hardware, this_device)


def test_webcam_gives_pictures_and_its_metadata_device_does_not() -> None:
    whole = CAPTURE | META | STREAMING | DEVICE_CAPS

    assert _is_camera(capability(whole, CAPTURE | STREAMING))
    assert not _is_camera(capability(whole, META | STREAMING))


def test_old_driver_without_device_caps_is_believed() -> None:
    assert _is_camera(capability(CAPTURE | STREAMING))


def test_codec_of_the_raspberry_pi_is_no_camera() -> None:
    caps = MEM2MEM_MPLANE | STREAMING

    assert not _is_camera(capability(caps | DEVICE_CAPS, caps))


def test_files_that_only_look_like_devices_are_passed_over(tmp_path: Path) -> None:
    for name in ("video0", "video10", "video", "videos"):
        (tmp_path / name).touch()

    assert list(capture_devices(tmp_path)) == []


def test_missing_device_is_called_missing(tmp_path: Path) -> None:
    assert why_closed(tmp_path / "video3") == f"there is no {tmp_path}/video3; plug a camera in"


def test_device_without_permission_names_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "video0"
    device.touch()
    monkeypatch.setattr("os.access", lambda path, mode: False)

    assert why_closed(device) == "no permission; run `sudo usermod -aG video $USER` and sign in again"


def test_device_that_does_not_open_may_be_in_use(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()

    assert why_closed(device) == f"another program may be using it, or it is no camera; see `fuser -v {device}`"
