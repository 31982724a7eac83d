"""Where the configuration lies, and how a manager's reaches the processes that it starts.

A file holds what `OrchestratorConfig.from_dict` takes. Every process finds it by DOORBELL_CONFIG, else at
VAR/config.json, else does without. A manager that was given a dict writes it to VAR/run/config.json and starts its
children with DOORBELL_CONFIG naming that; the children read the same environment over it, and so arrive at the same
values.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config import (
    PRESET_VARIABLE,
    ConfigError,
    OrchestratorConfig,
    process_environment,
    read_config_file,
)
from pipeline.configuration.resolving import PRESET_KEY, SECTIONS_KEY
from pipeline.configuration.setting import Value

CONFIG_VARIABLE = "DOORBELL_CONFIG"
OWN_FILE = "config.json"


def load_config(var_dir: Path, preset: str | None = None) -> OrchestratorConfig:
    """Return the configuration of a process. Raises ConfigError."""
    path = config_file(var_dir)
    if path is None:
        return OrchestratorConfig.from_dict(preset=preset)
    return OrchestratorConfig.from_dict(read_config_file(path), preset=preset, origin=f"file {path}")


def config_file(var_dir: Path) -> Path | None:
    """Return the file that DOORBELL_CONFIG names, there or not, else the one in `var_dir`, if there."""
    if named := process_environment().get(CONFIG_VARIABLE):
        return Path(named).expanduser().resolve()
    own = var_dir / OWN_FILE
    return own if own.is_file() else None


def hand_over(config: OrchestratorConfig, run_dir: Path) -> dict[str, str]:
    """Write down what the environment does not say; return what children need in theirs, to find it."""
    path = run_dir / OWN_FILE
    write_config_file(path, given_values(config) | ({PRESET_KEY: config.preset} if config.preset else {}))
    return {CONFIG_VARIABLE: str(path), PRESET_VARIABLE: config.preset or ""}


def given_values(config: OrchestratorConfig) -> dict[str, Any]:
    """What neither default, preset nor environment gave, as `from_dict` takes it."""
    given = {path: each.value for path, each in config.effective().items() if each.is_given}
    return nest(given)


def change_config_file(path: Path, changes: Mapping[str, Value]) -> None:
    """Set some values, by path (`face_recognition.tolerance`), and leave the rest of the file as it is.

    Raises ConfigError, and has then changed nothing.
    """
    given = read_config_file(path) if path.is_file() else {}
    for key, value in nest(changes).items():
        if key != SECTIONS_KEY:
            given[key] = value
            continue
        for section, values in value.items():
            given.setdefault(SECTIONS_KEY, {}).setdefault(section, {}).update(values)
    OrchestratorConfig.from_dict(given, environ={})
    write_config_file(path, given)


def nest(flat: Mapping[str, Value]) -> dict[str, Any]:
    """Write {"face_detection.model": …} as {"pipeline_config": {"face_detection": {"model": …}}}."""
    nested: dict[str, Any] = {}
    for path, value in flat.items():
        section, _, name = path.rpartition(".")
        place = nested.setdefault(SECTIONS_KEY, {}).setdefault(section, {}) if section else nested
        place[name] = value
    return nested


def write_config_file(path: Path, given: Mapping[str, Any]) -> None:
    """Readable by its owner alone, and never half written. Raises ConfigError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(given, file, indent=2)
            file.write("\n")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ConfigError([f"{path} cannot be written: {error.strerror}"]) from error
