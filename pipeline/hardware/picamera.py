"""The Raspberry Pi's own camera, through Picamera2, which is imported only when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from pipeline.hardware.errors import CameraError
from pipeline.hardware.frames import Frame
from pipeline.hardware.pacing import SYSTEM_CLOCK, Clock

WIDTH_PX = 1280
HEIGHT_PX = 720
DEFAULT_FPS = 15.0
READ_TIMEOUT_S = 10.0

HOW_TO_INSTALL = (
    "install it with `sudo apt install python3-picamera2` and let .venv see it "
    "(`include-system-site-packages = true` in .venv/pyvenv.cfg)"
)


def has_ribbon_camera() -> bool:
    """Say whether Picamera2 is installed and sees a camera on the ribbon connector (not a USB one)."""
    try:
        cameras = _picamera2().global_camera_info()
    except CameraError:
        return False
    return any("usb" not in str(camera.get("Id", "")).lower() for camera in cameras)


class PiCamera:
    """The first ribbon camera, 1280x720. read() never returns None: a camera that stops is a CameraError."""

    skipped = 0

    def __init__(self, *, fps: float | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self._index = 0
        picamera2 = _picamera2()
        try:
            self._camera = picamera2()
            # libcamera names formats by their order in a word: its RGB888 lies in memory as B, G, R.
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": (WIDTH_PX, HEIGHT_PX), "format": "RGB888"},
                    controls={"FrameRate": fps or DEFAULT_FPS},
                )
            )
            self._camera.start()
        except (IndexError, OSError, RuntimeError) as error:
            raise CameraError(
                f"camera 'picamera2' cannot be opened: {error}; see whether `rpicam-hello --list-cameras` shows it"
            ) from error

    def read(self) -> Frame:
        try:
            image = self._camera.capture_array("main", wait=False).get_result(timeout=READ_TIMEOUT_S)
        except (OSError, RuntimeError) as error:  # a TimeoutError is an OSError
            raise CameraError(
                f"camera 'picamera2' stopped giving frames ({str(error) or 'no answer'}); check its ribbon cable"
            ) from error
        frame = Frame(np.ascontiguousarray(image[:, :, :3]), self._clock.monotonic(), self._clock.now(), self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        self._camera.close()


def _picamera2() -> Any:
    """Return the class Picamera2. Raises CameraError where it is not installed or does not load."""
    try:
        return importlib.import_module("picamera2").Picamera2
    except (ImportError, OSError, RuntimeError) as error:
        raise CameraError(f"camera 'picamera2' needs the library Picamera2 ({error}); {HOW_TO_INSTALL}") from error
