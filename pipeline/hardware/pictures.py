"""A picture, or a folder of pictures, played as a camera."""

from __future__ import annotations

import logging
from collections.abc import Generator
from pathlib import Path

from pipeline.hardware.errors import CameraError
from pipeline.hardware.frames import Frame, swap_red_and_blue
from pipeline.hardware.pacing import SYSTEM_CLOCK, Clock, Playback
from pipeline.hardware.source import PICTURE_SUFFIXES, Source, SourceKind
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import MAX_BYTES, ImageError, decode_image

log = logging.getLogger(__name__)

DEFAULT_FPS = 10.0


class PictureCamera:
    """Gives each picture as one frame, 1/fps s apart, a folder's by name; None at the end, never if it loops.

    A folder is listed anew in each round. Files in it that do not end like a picture are not looked at; a picture
    that cannot be read is reported once and left out. If none can be read, that is a CameraError.
    """

    skipped = 0

    def __init__(
        self, source: Source, *, realtime: bool, loop: bool, fps: float | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._source = source
        self._loop = loop
        self._period_s = 1 / (fps or DEFAULT_FPS)
        length_s = 0.0 if realtime else self._period_s * (len(_pictures(source)) - 1)
        self._playback = Playback(realtime=realtime, length_s=max(length_s, 0.0), clock=clock)
        self._reported: set[Path] = set()
        self._kept: tuple[Path, UInt8Array] | None = None
        self._index = 0
        self._images = self._decoded()

    def read(self) -> Frame | None:
        image = next(self._images, None)
        if image is None:
            return None
        media_s = self._index * self._period_s
        # Decoding may take longer than a period: then the next one comes a period later, not at once.
        if self._playback.is_late(media_s, self._period_s):
            self._playback.resync(media_s)
        time_s, taken_at = self._playback.stamp(media_s)
        frame = Frame(image, time_s, taken_at, self._index)
        self._index += 1
        return frame

    def close(self) -> None:
        self._images.close()

    def _decoded(self) -> Generator[UInt8Array]:
        """Yield (H, W, 3) uint8 BGR."""
        while True:
            readable = 0
            for path in _pictures(self._source):
                if (image := self._decode(path)) is not None:
                    readable += 1
                    yield image
            if not readable:
                raise CameraError(f"camera '{self._source}' holds no picture that can be read; use JPEG or PNG files")
            if not self._loop:
                return

    def _decode(self, path: Path) -> UInt8Array | None:
        if self._kept and self._kept[0] == path:
            return self._kept[1]
        try:
            with path.open("rb") as file:
                image = swap_red_and_blue(decode_image(file.read(MAX_BYTES + 1)))
        except (OSError, ImageError) as error:
            if path not in self._reported:
                self._reported.add(path)
                log.warning("picture %s is left out: %s", path, error)
            return None
        self._kept = (path, image)
        return image


def _pictures(source: Source) -> list[Path]:
    path = Path(source.address)
    if source.kind is SourceKind.PICTURE:
        return [path]
    try:
        return sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file())
    except OSError as error:
        raise CameraError(f"camera '{source}' cannot be listed ({error.strerror}); check the folder") from error
