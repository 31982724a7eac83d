"""The configuration of a doorbell: one frozen, validated object from defaults, a preset, a dict and the environment.

Each later one beats the earlier ones. No Django: the settings module itself is made from this. `docs/configuration.md`
lists every key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from pipeline.configuration.environment import Environment, read_environment
from pipeline.configuration.errors import ConfigError
from pipeline.configuration.presets import PRESETS
from pipeline.configuration.resolving import (
    PRESET_KEY,
    SECTIONS_KEY,
    Effective,
    Resolution,
    flatten,
    flatten_sections,
    resolve,
)
from pipeline.configuration.sections import (
    EventProcessing,
    FaceDetection,
    FaceRecognition,
    FrameCapture,
    Hardware,
    Monitoring,
    MotionDetection,
    Mqtt,
    Notifications,
    Storage,
)
from pipeline.configuration.setting import Key, Value
from pipeline.configuration.validated import Validated

__all__ = ["PRESETS", "ConfigError", "OrchestratorConfig", "PipelineConfig", "all_keys", "read_config_file"]

DOTENV = Path(__file__).resolve().parent.parent / ".env"
PRESET_VARIABLE = "DOORBELL_PRESET"


@dataclass(frozen=True)
class PipelineConfig:
    """What the parts of the pipeline do. Raises ConfigError."""

    frame_capture: FrameCapture = field(default_factory=FrameCapture)
    motion_detection: MotionDetection = field(default_factory=MotionDetection)
    face_detection: FaceDetection = field(default_factory=FaceDetection)
    face_recognition: FaceRecognition = field(default_factory=FaceRecognition)
    event_processing: EventProcessing = field(default_factory=EventProcessing)
    notifications: Notifications = field(default_factory=Notifications)
    storage: Storage = field(default_factory=Storage)
    hardware: Hardware = field(default_factory=Hardware)
    mqtt: Mqtt = field(default_factory=Mqtt)
    monitoring: Monitoring = field(default_factory=Monitoring)

    @classmethod
    def from_dict(
        cls,
        given: Mapping[str, object] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        preset: str | None = None,
    ) -> Self:
        """given: {"face_detection": {"worker_count": 3}, …}; see OrchestratorConfig.from_dict."""
        values = dict(given or {})
        environment = _environment(environ)
        preset = _preset(values, environment, preset)
        keys = [key for key in all_keys() if key.section]
        found = resolve(keys, flatten_sections(values, SECTIONS), environment, preset)
        if found.problems:
            raise ConfigError(found.problems)
        return cls._from_values(found)

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name).values() for name in SECTIONS}

    @classmethod
    def _from_values(cls, found: Resolution) -> Self:
        def section(kind: type[Validated]) -> Any:
            return kind(**{key.name: found.values[key.path].value for key in kind.keys})

        return cls(**{name: section(kind) for name, kind in SECTIONS.items()})


@dataclass(frozen=True)
class OrchestratorConfig(Validated, section=""):
    """How the whole is watched over, and `pipeline_config`. Raises ConfigError.

    preset: the one that was used, None for none. warnings: about keys of an older system, a sentence each.
    """

    health_check_interval: float = 30.0
    metrics_collection_interval: float = 60.0
    auto_recovery_enabled: bool = True
    max_restart_attempts: int = 3
    restart_cooldown_seconds: float = 60.0
    cpu_threshold: float = 80.0
    memory_threshold: float = 85.0
    queue_backlog_threshold: int = 100
    alert_on_high_cpu: bool = True
    alert_on_high_memory: bool = True
    alert_on_errors: bool = True
    error_threshold_per_minute: int = 10
    pipeline_config: PipelineConfig = field(default_factory=PipelineConfig)
    preset: str | None = field(default=None, compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_dict(
        cls,
        given: Mapping[str, object] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        preset: str | None = None,
        origin: str = "dict",
    ) -> Self:
        """Defaults < preset < given < environment.

        given: the old system's form, {"cpu_threshold": 90, "pipeline_config": {"face_detection": {…}}}; it may name
            the preset as "preset".
        environ: None takes the process's own and `.env`.
        preset: beats DOORBELL_PRESET, which beats the dict's.
        origin: what to call the dict where somebody asks for a value's source.

        Raises ConfigError, whose text lists everything that is wrong.
        """
        values = dict(given or {})
        environment = _environment(environ)
        preset = _preset(values, environment, preset)
        found = resolve(all_keys(), flatten(values, SECTIONS), environment, preset, origin)
        if found.problems:
            raise ConfigError(found.problems)
        return cls(
            **{key.name: found.values[key.path].value for key in cls.keys},  # type: ignore[arg-type]
            pipeline_config=PipelineConfig._from_values(found),
            preset=preset,
            warnings=tuple(found.warnings),
            sources=MappingProxyType({path: each.source for path, each in found.values.items()}),
        )

    def to_dict(self) -> dict[str, Any]:
        """Every value, in the form that `from_dict` takes. Secrets are among them."""
        return {**self.values(), SECTIONS_KEY: self.pipeline_config.to_dict()}

    def effective(self) -> dict[str, Effective]:
        """Every value by its path, with where it came from; in an object made by hand that is `default` or `code`."""
        return {key.path: Effective(self[key], self._source(key)) for key in all_keys()}

    def __getitem__(self, key: Key) -> Value:
        holder = getattr(self.pipeline_config, key.section) if key.section else self
        value: Value = getattr(holder, key.name)
        return value

    def _source(self, key: Key) -> str:
        return self.sources.get(key.path) or ("default" if self[key] == key.default else "code")


SECTIONS: dict[str, type[Validated]] = {each.name: each.default_factory for each in fields(PipelineConfig)}  # type: ignore[misc]


def all_keys() -> tuple[Key, ...]:
    """Every setting there is, those in no section first."""
    return OrchestratorConfig.keys + tuple(key for section in SECTIONS.values() for key in section.keys)


def read_config_file(path: Path) -> dict[str, Any]:
    """Return what a JSON file gives to `from_dict`. Raises ConfigError."""
    try:
        given = json.loads(path.read_text())
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise ConfigError([f"{path} is not JSON: {error}"]) from error
    if not isinstance(given, dict):
        raise ConfigError([f"{path} holds no JSON object; write {{…}}"])
    return given


def process_environment() -> Environment:
    """The environment of this process and `.env`."""
    return read_environment(DOTENV)


def _environment(environ: Mapping[str, str] | None) -> Environment:
    return process_environment() if environ is None else Environment(environ)


def _preset(given: dict[str, object], environment: Environment, preset: str | None) -> str | None:
    """Take the preset out of `given`; the caller's beats the environment's, which beats the dict's."""
    written = given.pop(PRESET_KEY, None)
    chosen = preset or environment.get(PRESET_VARIABLE) or written or None
    if chosen is not None and chosen not in PRESETS:
        raise ConfigError([f"there is no preset {chosen!r}; there are {', '.join(PRESETS)}"])
    return chosen  # type: ignore[return-value]
