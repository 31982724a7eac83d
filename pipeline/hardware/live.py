"""Cameras that are there now: USB devices and network streams, read through OpenCV."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import cv2

from pipeline.hardware.devices import why_closed
from pipeline.hardware.errors import CameraError
from pipeline.hardware.frames import Frame
from pipeline.hardware.opencv import open_capture, retrieve
from pipeline.hardware.pacing import SYSTEM_CLOCK, Clock, Sampler
from pipeline.hardware.source import STREAM_PORTS, Source, SourceKind

# What a doorbell asks of a USB camera; one that cannot gives the nearest it has.
DEVICE_WIDTH_PX = 1280
DEVICE_HEIGHT_PX = 720

STREAM_OPEN_TIMEOUT_S = 10.0
STREAM_READ_TIMEOUT_S = 10.0
# FFmpeg decodes H.264 with a thread per core and holds back a frame for each; two keep 1080p in time on a
# Raspberry Pi 4 and hold back one.
STREAM_DECODER_THREADS = 2

# About 3 s of a camera whose every JPEG is broken.
_MAX_BROKEN_FRAMES = 100


class LiveCamera:
    """A USB camera or a stream. read() never returns None: a camera that stops is a CameraError.

    fps: at most so many frames a second are decoded into pictures; the rest are fetched, so that none is stale,
    and let go.
    """

    skipped = 0

    def __init__(self, source: Source, *, fps: float | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
        self._name = str(source)
        self._clock = clock
        self._sampler = Sampler(fps)
        self._index = 0
        self._capture = _open_device(source) if source.kind is SourceKind.DEVICE else _open_stream(source)
        self._opened_s = clock.monotonic()

    def read(self) -> Frame:
        broken = 0
        while broken < _MAX_BROKEN_FRAMES and self._capture.grab():
            time_s, taken_at = self._clock.monotonic(), self._clock.now()
            if not self._sampler.wants(time_s - self._opened_s):
                continue
            image = retrieve(self._capture, self._name)
            if image is not None:
                frame = Frame(image, time_s, taken_at, self._index)
                self._index += 1
                return frame
            broken += 1
        problem = "gives only broken frames" if broken else "stopped giving frames"
        raise CameraError(f"camera '{self._name}' {problem}; check its power and its connection")

    def close(self) -> None:
        self._capture.release()


def _open_device(source: Source) -> cv2.VideoCapture:
    is_number = source.address.isdecimal()
    capture = open_capture(int(source.address) if is_number else source.address, cv2.CAP_V4L2)
    if capture is None:
        path = Path(f"/dev/video{int(source.address)}" if is_number else source.address)
        raise CameraError(f"camera '{source}' cannot be opened: {why_closed(path)}")
    # Uncompressed 720p does not fit through USB 2 at more than 10 fps.
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, DEVICE_WIDTH_PX)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, DEVICE_HEIGHT_PX)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


def _open_stream(source: Source) -> cv2.VideoCapture:
    settings = (
        (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(STREAM_OPEN_TIMEOUT_S * 1000)),
        (cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(STREAM_READ_TIMEOUT_S * 1000)),
        (cv2.CAP_PROP_N_THREADS, STREAM_DECODER_THREADS),
    )
    capture = open_capture(source.address, cv2.CAP_FFMPEG, [number for setting in settings for number in setting])
    if capture is None:
        raise CameraError(f"camera '{source}' cannot be opened: {_why_unreachable(source.address)}")
    return capture


def _why_unreachable(address: str, timeout_s: float = 3.0) -> str:
    """Return the end of the sentence "camera … cannot be opened: …", found by asking its port once."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or STREAM_PORTS[parts.scheme]
    try:
        socket.create_connection((host, port), timeout=timeout_s).close()
    except socket.gaierror:
        return f"the name {host} leads nowhere; check it, or use the camera's IP address"
    except OSError as error:
        return f"{host} port {port} does not answer ({error.strerror or error}); check the address and its power"
    return f"{host} port {port} answers, but gives no video; check the path, user name and password"
