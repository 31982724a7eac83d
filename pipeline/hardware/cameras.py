"""From a source to a camera that gives frames."""

from __future__ import annotations

from typing import Protocol

from pipeline.hardware.devices import capture_devices
from pipeline.hardware.errors import CameraError
from pipeline.hardware.frames import Frame
from pipeline.hardware.live import LiveCamera
from pipeline.hardware.pacing import SYSTEM_CLOCK, Clock, Sampler
from pipeline.hardware.picamera import PiCamera, has_ribbon_camera
from pipeline.hardware.pictures import PictureCamera
from pipeline.hardware.source import USABLE, Source, SourceKind, parse_source
from pipeline.hardware.videos import VideoCamera

__all__ = ["Camera", "CameraError", "Frame", "Source", "first_camera", "open_camera", "parse_source"]


class Camera(Protocol):
    """Gives frames, one after the other. For one thread at a time."""

    @property
    def skipped(self) -> int:
        """Frames dropped because they were late; those left out on purpose (`fps`) are not counted."""

    def read(self) -> Frame | None:
        """Wait for the next frame. None: the recording is at its end. Raises CameraError: the camera is lost."""

    def close(self) -> None: ...


def open_camera(
    source: Source, *, realtime: bool, loop: bool, fps: float | None = None, clock: Clock = SYSTEM_CLOCK
) -> Camera:
    """Open `source`. Raises CameraError; ValueError for an fps that is no number above 0.

    realtime: a recording plays at its own speed, as a camera would. loop: for ever. Live cameras always do both.
    fps: at most so many frames a second; None: every one (pictures: 10 a second).
    """
    Sampler(fps)  # refuses a bad number before anything is opened
    if source.kind is SourceKind.AUTO:
        source = _found_camera()
    if source.kind is SourceKind.PICAMERA2:
        return PiCamera(fps=fps, clock=clock)
    if source.kind is SourceKind.VIDEO:
        return VideoCamera(source, realtime=realtime, loop=loop, fps=fps, clock=clock)
    if source.kind in (SourceKind.PICTURE, SourceKind.FOLDER):
        return PictureCamera(source, realtime=realtime, loop=loop, fps=fps, clock=clock)
    return LiveCamera(source, fps=fps, clock=clock)


def first_camera() -> Source | None:
    """Return the first camera of this machine that gives a frame: the Pi's own, else the lowest /dev/video."""
    if has_ribbon_camera():
        # Its /dev/video devices open too, but give no frames without libcamera.
        return Source(SourceKind.PICAMERA2, "picamera2")
    devices = (Source(SourceKind.DEVICE, str(path)) for path in capture_devices())
    return next((device for device in devices if _gives_a_frame(device)), None)


def _gives_a_frame(source: Source) -> bool:
    try:
        camera = LiveCamera(source)
    except CameraError:
        return False
    try:
        camera.read()
    except CameraError:
        return False
    finally:
        camera.close()
    return True


def _found_camera() -> Source:
    source = first_camera()
    if source is None:
        raise CameraError(f"no camera was found on this machine; plug one in, or name one: {USABLE}")
    return source
