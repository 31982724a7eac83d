import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from pipeline.vision.conversion import ensure_encoder
from tests.conftest import REPOSITORY

ENCODE = """
import sys, pathlib
import numpy as np
from pipeline.vision.encoding import OnnxEncoder
print(OnnxEncoder(pathlib.Path(sys.argv[1])).encode(np.zeros((1, 150, 150, 3), np.uint8)).shape)
"""


def test_encoding_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    """ONNX Runtime's telemetry would keep a device id and a queue of reports there."""
    model = ensure_encoder(settings.MODELS_DIR)
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_DATA_HOME": str(tmp_path / "data")}
    command = [sys.executable, "-c", ENCODE, str(model)]
    printed = subprocess.check_output(command, cwd=REPOSITORY, env={**kept, **homes}, text=True)
    assert printed == "(1, 128)\n"
    assert list(tmp_path.rglob("*")) == []
