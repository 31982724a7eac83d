"""Where the networks of face_recognition_models lie.

The package is located, never imported: importing it needs `pkg_resources`, and face_recognition ends the whole
process when that import fails.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from pipeline.vision.errors import ModelError

PACKAGE = "face_recognition_models"
RESNET = "dlib_face_recognition_resnet_model_v1.dat"
PREDICTOR_5 = "shape_predictor_5_face_landmarks.dat"
PREDICTOR_68 = "shape_predictor_68_face_landmarks.dat"
# By the encoding model that they align faces for.
PREDICTORS = {"small": PREDICTOR_5, "large": PREDICTOR_68}
MMOD = "mmod_human_face_detector.dat"


def model_file(name: str) -> Path:
    """Return the path of one .dat file of the installed face_recognition_models; raises ModelError without it."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the package {PACKAGE} is not installed; install requirements/base.txt")
    for folder in spec.submodule_search_locations:
        path = Path(folder) / "models" / name
        if path.is_file():
            return path
    raise ModelError(
        f"{name} is missing from {PACKAGE} in {spec.submodule_search_locations[0]}; "
        f"reinstall it: pip install --force-reinstall --no-deps {PACKAGE}"
    )
