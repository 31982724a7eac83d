"""Picamera2 cannot be installed here; what it promises is played by a class of the same shape."""

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.hardware.errors import CameraError
from pipeline.hardware.picamera import PiCamera, has_ribbon_camera


class Job:
    def __init__(self, camera: "Picamera2") -> None:
        self._camera = camera

    def get_result(self, timeout: float) -> Any:
        if self._camera.is_stuck:
            raise TimeoutError
        image = np.zeros((720, 1280, 3), np.uint8)
        image[:, :, 2] = 255  # the last byte of a pixel is red in libcamera's RGB888
        return image


class Picamera2:
    infos: list[dict[str, Any]] = [{"Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Model": "imx708", "Num": 0}]
    opened: "list[Picamera2]" = []

    def __init__(self) -> None:
        if not self.infos:
            raise IndexError("list index out of range")
        self.is_stuck = False
        self.is_closed = False
        self.configuration: dict[str, Any] = {}
        Picamera2.opened.append(self)

    @classmethod
    def global_camera_info(cls) -> list[dict[str, Any]]:
        return cls.infos

    def create_video_configuration(self, main: dict[str, Any], controls: dict[str, Any]) -> dict[str, Any]:
        return {"main": main, "controls": controls}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def start(self) -> None:
        pass

    def capture_array(self, name: str, wait: bool) -> Job:
        assert (name, wait) == ("main", False)
        return Job(self)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> type[Picamera2]:
    monkeypatch.setitem(sys.modules, "picamera2", SimpleNamespace(Picamera2=Picamera2))
    monkeypatch.setattr(Picamera2, "opened", [])
    return Picamera2


def test_ribbon_camera_gives_red_as_red(picamera2: type[Picamera2]) -> None:
    camera = PiCamera(fps=12)
    frame = camera.read()
    camera.close()

    assert frame.rgb()[0, 0].tolist() == [255, 0, 0]
    assert (frame.width, frame.height, frame.index) == (1280, 720, 0)
    assert picamera2.opened[0].configuration["controls"] == {"FrameRate": 12}
    assert picamera2.opened[0].is_closed


def test_ribbon_camera_that_does_not_answer_is_lost(picamera2: type[Picamera2]) -> None:
    camera = PiCamera()
    picamera2.opened[0].is_stuck = True

    with pytest.raises(CameraError, match=r"stopped giving frames \(no answer\); check its ribbon cable"):
        camera.read()


def test_pi_without_a_camera_says_how_to_look(picamera2: type[Picamera2], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picamera2, "infos", [])

    with pytest.raises(CameraError, match="see whether `rpicam-hello --list-cameras` shows it"):
        PiCamera()


def test_usb_camera_is_left_to_opencv(picamera2: type[Picamera2], monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_ribbon_camera()

    monkeypatch.setattr(picamera2, "infos", [{"Id": "/base/scb/pcie@7d500000/usb@0,0-1.1:1.0-046d:0825"}])
    assert not has_ribbon_camera()


def test_missing_library_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)

    assert not has_ribbon_camera()
    with pytest.raises(CameraError, match="install it with `sudo apt install python3-picamera2` and let"):
        PiCamera()
