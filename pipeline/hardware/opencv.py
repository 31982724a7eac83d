"""The one place that opens an OpenCV capture, and that keeps OpenCV and FFmpeg quiet while it does.

Both write to the process's stderr on their own. Their lines may hold a camera's address with its password, so
they are switched off, unless the environment asks for them; what went wrong is said in a CameraError instead.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import cv2

from pipeline.hardware.errors import CameraError
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import MAX_PIXELS

# FFmpeg's level and options are read when the first capture is opened. -8 is AV_LOG_QUIET.
# RTSP over UDP, FFmpeg's own choice, loses packets on a Wi-Fi and shows them as torn faces.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
# OpenCV's own level is read when cv2 is imported, which is too late to change by the environment.
if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def open_capture(address: str | int, backend: int, settings: Sequence[int] = ()) -> cv2.VideoCapture | None:
    """Return an opened capture, or None. settings: CAP_PROP_…, value, CAP_PROP_…, value …"""
    capture = cv2.VideoCapture(address, backend, list(settings))
    if capture.isOpened():
        return capture
    capture.release()
    return None


def retrieve(capture: cv2.VideoCapture, name: str) -> UInt8Array | None:
    """Return the grabbed frame, (H, W, 3) uint8 BGR; None if it cannot be decoded. Raises CameraError if it is huge.

    name: what to call the camera in the message.
    """
    is_decoded, image = capture.retrieve()
    if not is_decoded or image is None:
        return None
    height, width = image.shape[:2]
    if width * height > MAX_PIXELS:
        raise CameraError(
            f"camera '{name}' sends {width}x{height} pixels, more than {MAX_PIXELS:,}; set it to a smaller size"
        )
    return image  # type: ignore[return-value]
