"""Proof that a converted encoder gives dlib's encodings, on chips of faces and of noise."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import dlib
import numpy as np

from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.encoding import CHIP_PX, OnnxEncoder, ReferenceEncoder
from pipeline.vision.errors import ModelError
from pipeline.vision.geometry import Box

# Largest absolute difference of one of the 128 numbers; measured: 4e-7.
MAX_DIFFERENCE = 1e-5

# Public-domain portraits that lie in packages of requirements/demo.txt, where that is installed.
PORTRAITS = (
    ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    ("skimage", "data/astronaut.png"),
)
SYNTHETIC_CHIPS = 4


def check_encoder(path: Path, chips: UInt8Array | None = None) -> float:
    """Return the largest difference from dlib; raises ModelError above 1e-5.

    chips: further (N, 150, 150, 3) RGB chips to compare on.
    """
    compared = check_chips() if chips is None else np.concatenate([check_chips(), chips])
    difference = np.abs(OnnxEncoder(path).encode(compared) - ReferenceEncoder().encode(compared))
    largest = float(difference.max())
    # Written this way around so that a not-a-number fails too.
    if not largest <= MAX_DIFFERENCE:
        raise ModelError(
            f"the converted encoder differs from dlib's by {largest:.2g} (at most {MAX_DIFFERENCE:.0e} allowed); "
            "set encoder to reference and report the processor and the versions of onnxruntime and dlib"
        )
    return largest


def check_chips() -> UInt8Array:
    """Return (N, 150, 150, 3) RGB chips, always the same: smooth colour noise, and the portraits that are installed."""
    random = np.random.default_rng(150)
    coarse = random.integers(0, 256, (SYNTHETIC_CHIPS, 10, 10, 3), dtype=np.uint8)
    smooth = [cv2.resize(image, (CHIP_PX, CHIP_PX), interpolation=cv2.INTER_CUBIC) for image in coarse]
    return np.stack([*smooth, *_portrait_chips()]).astype(np.uint8)


def _portrait_chips() -> list[UInt8Array]:
    aligner, detector = Aligner(), dlib.get_frontal_face_detector()
    chips = []
    for package, name in PORTRAITS:
        picture = _packaged_picture(package, name)
        if picture is None:
            continue
        for face in detector(picture, 0):
            chips.append(aligner.chip(picture, Box(face.top(), face.right(), face.bottom(), face.left())))
    return chips


def _packaged_picture(package: str, name: str) -> UInt8Array | None:
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    picture = cv2.imread(str(Path(folders[0]) / name)) if folders else None
    return None if picture is None else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
