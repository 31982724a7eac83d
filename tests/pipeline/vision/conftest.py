"""Frames, faces and converted networks that the vision tests share; each is made once per run."""

from pathlib import Path

import dlib
import numpy as np
import pytest
from PIL import Image

from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.conversion import ensure_cnn, ensure_encoder
from pipeline.vision.engine import Engine, EngineConfig
from pipeline.vision.geometry import Box
from pipeline.vision.model_files import MMOD, RESNET, model_file
from tests.conftest import Portraits


def rgb(path: Path) -> UInt8Array:
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


@pytest.fixture(scope="session")
def grace_hopper(portraits: Portraits) -> UInt8Array:
    return rgb(portraits.grace_hopper)


@pytest.fixture(scope="session")
def astronaut(portraits: Portraits) -> UInt8Array:
    return rgb(portraits.astronaut)


@pytest.fixture(scope="session")
def portrait_frames(grace_hopper: UInt8Array, astronaut: UInt8Array) -> list[UInt8Array]:
    return [grace_hopper, astronaut]


@pytest.fixture(scope="session")
def face_boxes(portrait_frames: list[UInt8Array]) -> list[Box]:
    """Where dlib finds the face of each portrait."""
    detector = dlib.get_frontal_face_detector()
    found = [detector(frame, 0)[0] for frame in portrait_frames]
    return [Box(face.top(), face.right(), face.bottom(), face.left()) for face in found]


@pytest.fixture(scope="session")
def portrait_chips(portrait_frames: list[UInt8Array], face_boxes: list[Box]) -> UInt8Array:
    aligner = Aligner()
    return np.stack([aligner.chip(*face) for face in zip(portrait_frames, face_boxes, strict=True)])


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with both networks converted; tests must not write to it."""
    folder = tmp_path_factory.mktemp("models")
    ensure_encoder(folder)
    ensure_cnn(folder)
    return folder


@pytest.fixture(scope="session")
def resnet_bytes() -> bytes:
    return model_file(RESNET).read_bytes()


@pytest.fixture(scope="session")
def mmod_bytes() -> bytes:
    return model_file(MMOD).read_bytes()


@pytest.fixture(scope="session")
def engine(models_dir: Path) -> Engine:
    """The default detector and encoder."""
    return Engine(EngineConfig(models_dir))
