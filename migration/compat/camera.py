"""CameraHandler: a picture of what the camera sees now."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from events.models import Camera, Capture
from migration.compat.old_settings import OldSettings
from pipeline.camera_figures import camera_figures
from pipeline.errors import DoorbellError
from pipeline.hardware.cameras import CameraError, open_camera, parse_source
from pipeline.hardware.source import Source, SourceKind
from pipeline.ring import default_camera
from pipeline.run_lock import running_pid
from pipeline.snapshots import NoSnapshot, take_snapshot
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import decode_image, encode_jpeg

logger = logging.getLogger(__name__)

JPEG_QUALITY = 85
LOCK = "doorbell.lock"  # of the process that runs the doorbell


class OldCamera:
    """The camera process is asked for its newest frame. Where no doorbell runs, the camera is opened for one frame
    and closed again: it stays free for the doorbell.

    may_open: False only asks.
    """

    def __init__(self, old_settings: OldSettings, *, may_open: bool = True) -> None:
        self.settings = old_settings
        self._may_open = may_open
        self.is_initialized = False
        self._size: tuple[int, int] | None = None

    @property
    def camera(self) -> Camera | None:
        """The row of the camera that is asked, the first enabled one; None when none is set up."""
        return default_camera()

    @property
    def camera_type(self) -> str | None:
        """`picamera2` or `opencv`; None before `initialize`. There is no `mock`: no camera is no picture."""
        if not self.is_initialized:
            return None
        try:
            return "picamera2" if _source(self.camera).kind is SourceKind.PICAMERA2 else "opencv"
        except CameraError:  # it runs from a source that its row does not name
            return "opencv"

    def initialize(self) -> bool:
        """See whether there is a picture; never raises."""
        return self.capture_image() is not None

    def capture_image(self) -> UInt8Array | None:
        """(H, W, 3) uint8 RGB; None, with the reason in the log, when there is none."""
        try:
            return self.look()
        except DoorbellError as error:
            logger.warning("no picture was taken: %s", error)
            return None

    def capture_frame(self) -> UInt8Array | None:
        """A later name of `capture_image`."""
        return self.capture_image()

    def look(self) -> UInt8Array:
        """Raises NoSnapshot or CameraError: why there is no picture."""
        self.is_initialized = False
        camera = self.camera
        must_ask = not self._may_open or _is_running()
        if camera is not None and (camera.is_live or must_ask):
            frame = decode_image(take_snapshot(camera).jpeg)
        elif must_ask:
            raise NoSnapshot("no camera is set up; start the doorbell with --source, or add a camera in the admin")
        else:
            frame = _one_frame(_source(camera))
        self.is_initialized, self._size = True, (frame.shape[1], frame.shape[0])
        return frame

    def save_image(self, image: UInt8Array, path: str | Path) -> None:
        """image: (H, W, 3) uint8 RGB; written as JPEG. Raises ValueError for what is no image, OSError."""
        Path(path).write_bytes(encode_jpeg(image, quality=JPEG_QUALITY))

    def get_camera_info(self) -> dict[str, Any]:
        """resolution: (width, height) as last seen, None before the first picture. fps: None where none is measured."""
        camera = self.camera
        width, height = self._size or _last_size(camera) or (None, None)
        return {
            "initialized": self.is_initialized,
            "camera_type": self.camera_type,
            "resolution": None if width is None else (width, height),
            "rotation": 0,
            "actual_width": width,
            "actual_height": height,
            "fps": _fps(camera),
        }

    def get_status(self) -> str:
        """active, not_initialized; unknown: it gave pictures, and is not live now."""
        camera = self.camera
        if camera is not None and camera.is_live:
            return "active"
        return "unknown" if self.is_initialized else "not_initialized"

    def cleanup(self) -> None:
        """Nothing is held: the camera belongs to the doorbell's camera process."""
        self.is_initialized = False


def _is_running() -> bool:
    return running_pid(Path(settings.RUN_DIR) / LOCK) is not None


def _source(camera: Camera | None) -> Source:
    """Raises CameraError."""
    return parse_source(camera.source if camera is not None and camera.source else SourceKind.AUTO)


def _one_frame(source: Source) -> UInt8Array:
    with closing(open_camera(source, realtime=False, loop=True)) as opened:
        frame = opened.read()
    if frame is None:
        raise CameraError(f"camera '{source}' gave no picture; it is at its end")
    return frame.rgb()


def _last_size(camera: Camera | None) -> tuple[int, int] | None:
    seen = Capture.objects.filter(event__camera=camera).order_by("-taken_at") if camera is not None else None
    return None if seen is None else seen.values_list("width", "height").first()


def _fps(camera: Camera | None) -> float | None:
    try:
        figures = camera_figures([camera.pk]) if camera is not None else {}
    except redis.RedisError:
        return None
    return next((each.fps for each in figures.values()), None)
