from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory

from pipeline.vision.arrays import UInt8Array
from tests.pipeline.hardware.mjpeg_server import MjpegServer, jpeg_of

MakeVideo = Callable[..., Path]


def plain(grey: int, width: int = 64, height: int = 48) -> UInt8Array:
    """(H, W, 3), the same grey all over: how a test knows a frame again."""
    return np.full((height, width, 3), grey, np.uint8)


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Frame n of the video is grey 20 + 10 * n."""

    def make(name: str = "clip.avi", *, frames: int = 20, fps: float = 25.0) -> Path:
        path = tmp_path / name
        codec = {".avi": "MJPG", ".mp4": "mp4v"}[path.suffix]
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
        assert writer.isOpened()
        for number in range(frames):
            writer.write(plain(20 + 10 * number))
        writer.release()
        return path

    return make


@pytest.fixture
def mjpeg() -> Iterator[MjpegServer]:
    with MjpegServer([jpeg_of(50), jpeg_of(200)]) as server:
        yield server


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.close()
