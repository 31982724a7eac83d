"""Frames, faces and converted networks that the vision tests share; each is made once per run."""

from pathlib import Path

import dlib
import numpy as np
import pytest
from PIL import Image

from pipeline.bench.pictures import load_household
from pipeline.vision.alignment import Aligner
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.conversion import ensure_cnn, ensure_encoder
from pipeline.vision.engine import Engine, EngineConfig
from pipeline.vision.geometry import Box
from pipeline.vision.images import decode_image
from pipeline.vision.model_files import MMOD, RESNET, model_file
from pipeline.vision.tracking import Sighting
from tests.conftest import Portraits
from tests.pipeline.vision.faces import sightings
from tests.pipeline.vision.photographs import MIN_FACE_PX, Face, Photograph, is_enrolled, only, whose


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


@pytest.fixture(scope="session")
def photographs(shared: Path) -> list[Photograph]:
    """Those to enroll, one person in each, and those of the visits."""
    household = load_household(shared / "media")
    shown = [(path, frozenset([name])) for name, paths in household.enrolled.items() for path in paths]
    shown += [(visit.path, frozenset(visit.names)) for visit in household.visits]
    assert len(shown) == 19
    return [Photograph(path, names, decode_image(path.read_bytes())) for path, names in shown]


@pytest.fixture(scope="session")
def our_faces(engine: Engine, photographs: list[Photograph]) -> dict[Path, list[Sighting]]:
    return {each.path: sightings(engine, each.frame, min_face_px=MIN_FACE_PX) for each in photographs}


@pytest.fixture(scope="session")
def faces(
    photographs: list[Photograph], our_faces: dict[Path, list[Sighting]], engine: Engine, portraits: Portraits
) -> list[Face]:
    """Every face at hand with its name: by who is in the picture and, of several, who is nearest there."""
    samples = [(only(each.shown), our_faces[each.path][0]) for each in photographs if is_enrolled(each)]
    found = [Face(each, whose(seen, each, samples), seen) for each in photographs for seen in our_faces[each.path]]
    for path in portraits:
        portrait = Photograph(path, frozenset([path.stem]), decode_image(path.read_bytes()))
        surest = sightings(engine, portrait.frame, min_face_px=MIN_FACE_PX)[0]
        found.append(Face(portrait, path.stem, surest))
    return found
