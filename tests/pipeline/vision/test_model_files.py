from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from pipeline.vision import model_files
from pipeline.vision.errors import ModelError
from pipeline.vision.model_files import MMOD, PREDICTOR_5, PREDICTOR_68, RESNET, model_file


@pytest.mark.parametrize("name", [RESNET, PREDICTOR_5, PREDICTOR_68, MMOD])
def test_every_model_of_the_package_is_found(name: str) -> None:
    assert model_file(name).stat().st_size > 100_000


def test_a_missing_package_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "PACKAGE", "face_recognition_models_of_nobody")
    with pytest.raises(ModelError, match=r"is not installed; install requirements/base\.txt"):
        model_file(RESNET)


def test_a_package_without_its_file_is_an_error_that_names_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = ModuleSpec("face_recognition_models", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(model_files, "find_spec", lambda package: spec)
    with pytest.raises(ModelError, match=f"{RESNET} is missing from face_recognition_models in {tmp_path}"):
        model_file(RESNET)
