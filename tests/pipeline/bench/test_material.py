from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from pipeline.bench.errors import BenchError
from pipeline.bench.material import Material, surest_face
from pipeline.vision.images import encode_png
from tests.conftest import Portraits


@pytest.fixture(scope="module")
def material() -> Material:
    return Material(None, Path(settings.MODELS_DIR))


def test_the_enrolled_have_an_encoding_for_each_picture(material: Material) -> None:
    names, encodings = material.enrolled_encodings()
    assert names == ["Grace Hopper", "Eileen Collins"]
    assert encodings.shape == (2, 128)
    assert encodings.dtype == np.float32


def test_of_several_finds_the_surest_is_the_face(material: Material, portraits: Portraits) -> None:
    picture, face = surest_face(material.engine(), portraits.astronaut)
    found = material.engine().detect(picture, 64)
    assert face.score == max(each.score for each in found)


def test_a_portrait_without_a_face_is_named(material: Material, tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    wall.write_bytes(encode_png(np.full((300, 300, 3), 99, np.uint8)))
    with pytest.raises(BenchError, match=r"wall\.png shows no face of 64 px or more; take another picture"):
        surest_face(material.engine(), wall)
