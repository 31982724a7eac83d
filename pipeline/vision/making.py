"""`python -m pipeline.vision.making`: a process that makes what an engine needs, and takes the memory with it.

It reads the fields of an EngineConfig from its input, as a JSON object, and prints another one: `made`, a list of the
names that `conversion.missing_models` gives, or `error`, the text of a ModelError.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.vision.conversion import ensure_cnn, ensure_encoder, ensure_yunet, missing_models
from pipeline.vision.engine import Engine, EngineConfig
from pipeline.vision.errors import ModelError

ENSURE: Mapping[str, Callable[[Path], Path]] = {"encoder": ensure_encoder, "cnn": ensure_cnn, "yunet": ensure_yunet}


def make_models(config: EngineConfig) -> list[str]:
    """Return what had to be made. Raises ModelError, also where the GPU that is asked for cannot be used."""
    Engine(config)
    missing = missing_models(config.models_dir, detector=config.detector, encoder=config.encoder)
    for name in missing:
        ENSURE[name](config.models_dir)
    return missing


def main() -> int:
    asked = json.load(sys.stdin)
    try:
        made = make_models(EngineConfig(**{**asked, "models_dir": Path(asked["models_dir"])}))
    except ModelError as error:
        print(json.dumps({"error": str(error)}))  # noqa: T201 - the answer
        return 1
    print(json.dumps({"made": made}))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
