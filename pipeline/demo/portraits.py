"""Two photographs in the public domain, read from the packages that bring them."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from pipeline.errors import DoorbellError
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.images import decode_image

Points = tuple[tuple[int, int], ...]


class PortraitMissing(DoorbellError):
    """A package of requirements/demo.txt is not installed."""

    code = "portrait_missing"


@dataclass(frozen=True, slots=True)
class Portrait:
    """outline: (x, y) corners of head and shoulders in the photograph's pixels, without its background.
    face_px: width of the face in it, as dlib's HOG detector draws the box."""

    name: str
    package: str
    file: str
    outline: Points
    face_px: int

    def path(self) -> Path:
        """Raises PortraitMissing. The package is only located: neither library itself is installed whole."""
        spec = find_spec(self.package)
        path = Path(spec.origin).parent / self.file if spec is not None and spec.origin else None
        if path is None or not path.is_file():
            raise PortraitMissing(
                f"{self.file} of the package {self.package} is missing; ./doorbell demo installs requirements/demo.txt"
            )
        return path

    def cut_out(self) -> tuple[UInt8Array, UInt8Array]:
        """Return the photograph, (H, W, 3) RGB, and how much of each pixel is the person, (H, W) 0..255."""
        picture = decode_image(self.path().read_bytes(), max_bytes=10_000_000, max_pixels=10_000_000)
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.array(self.outline, np.int32)], 255, cv2.LINE_AA)
        return picture, np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.5), np.uint8)


GRACE_HOPPER = Portrait(
    "Grace Hopper",
    "matplotlib",
    "mpl-data/sample_data/grace_hopper.jpg",
    outline=(
        *((14, 599), (36, 408), (62, 382), (190, 322), (200, 306), (172, 280), (152, 225), (150, 95), (180, 76)),
        *((192, 52), (232, 37), (285, 36), (330, 48), (350, 84), (368, 100), (370, 212), (350, 270), (330, 312)),
        *((345, 340), (440, 372), (490, 408), (511, 520), (511, 599)),
    ),
    face_px=187,
)
EILEEN_COLLINS = Portrait(
    "Eileen Collins",
    "skimage",
    "data/astronaut.png",
    outline=(
        *((26, 511), (24, 420), (40, 330), (52, 272), (78, 236), (118, 208), (124, 178), (150, 152), (182, 148)),
        *((180, 126), (162, 104), (157, 66), (175, 38), (210, 20), (242, 19), (278, 37), (295, 66), (295, 100)),
        *(
            (282, 122),
            (264, 140),
            (260, 158),
            (280, 176),
            (296, 202),
            (303, 238),
            (340, 264),
            (358, 330),
            (366, 358),
            (410, 362),
        ),
        *((450, 372), (482, 408), (490, 462), (500, 511)),
    ),
    face_px=91,
)
