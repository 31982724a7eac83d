"""From layers of values to one value a setting, with where it came from.

Precedence: defaults < preset < dict < environment.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.configuration.environment import Environment
from pipeline.configuration.old_keys import RENAMED, RETIRED
from pipeline.configuration.presets import PRESETS
from pipeline.configuration.setting import Key, Value

SECTIONS_KEY = "pipeline_config"
PRESET_KEY = "preset"


@dataclass(frozen=True)
class Effective:
    """What one value is and who said so: `default`, `preset raspberry_pi`, `dict`, `environment WORKER_COUNT`."""

    value: Value
    source: str

    @property
    def is_given(self) -> bool:
        """By a dict, a file or a program."""
        return self.source.partition(" ")[0] not in ("default", "preset", "environment", ".env")


@dataclass
class Resolution:
    """Effective values by path; what is wrong; what is of an older system."""

    values: dict[str, Effective] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def resolve(
    keys: Iterable[Key],
    given: Mapping[str, object],
    environment: Environment,
    preset: str | None,
    origin: str = "dict",
) -> Resolution:
    """given: flat, by path; see `flatten`. origin: what to call it as a source."""
    by_path = {key.path: key for key in keys}
    found = Resolution({path: Effective(key.default, "default") for path, key in by_path.items()})
    for path, value in PRESETS.get(preset or "", {}).items():
        if path in by_path:
            found.values[path] = Effective(value, f"preset {preset}")
    _take_given(found, by_path, given, origin)
    for path, key in by_path.items():
        _take_environment(found, path, key, environment)
    return found


def flatten(given: Mapping[str, object], sections: Iterable[str]) -> dict[str, object]:
    """Write {"pipeline_config": {"face_detection": {"model": …}}} as {"face_detection.model": …}."""
    flat: dict[str, object] = {}
    for name, value in given.items():
        if name == SECTIONS_KEY and isinstance(value, Mapping):
            flat |= flatten_sections(value, sections)
        else:
            flat[name] = value
    return flat


def flatten_sections(given: Mapping[str, object], sections: Iterable[str]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for section, values in given.items():
        if section in sections and isinstance(values, Mapping):
            flat |= {f"{section}.{name}": value for name, value in values.items()}
        else:
            flat[f"{section}."] = values
    return flat


def _take_given(found: Resolution, keys: Mapping[str, Key], given: Mapping[str, object], origin: str) -> None:
    for path, value in given.items():
        new = RENAMED.get(path)
        if path in keys:
            _take(found, keys[path], value, origin, named=path)
        elif new is not None:
            is_beaten = new in given
            used = "its value is not used, since the new name is given too" if is_beaten else "its value is used"
            found.warnings.append(f"{path} is the old name of {new}; {used}")
            if not is_beaten and new in keys:
                _take(found, keys[new], value, origin, named=path)
        elif path in RETIRED:
            found.warnings.append(f"{path} is not used any more; in its place: {RETIRED[path]}")
        else:
            found.problems.append(_unknown(path, value, list(keys)))


def _take(found: Resolution, key: Key, value: object, origin: str, *, named: str) -> None:
    try:
        found.values[key.path] = Effective(key.check(value), origin)
    except ValueError as wanted:
        shown = "…" if key.rule.is_secret else repr(value)
        found.problems.append(f"{named} is {shown} in the {origin}; it must be {wanted}")


def _take_environment(found: Resolution, path: str, key: Key, environment: Environment) -> None:
    name = next((name for name in key.rule.env if environment.get(name)), None)
    if name is None:
        return
    try:
        found.values[path] = Effective(key.parse(environment.get(name)), environment.origin(name))
    except ValueError as wanted:
        shown = "…" if key.rule.is_secret else repr(environment.get(name))
        found.problems.append(f"{name} is {shown} in the environment; it must be {wanted}")


def _unknown(path: str, value: object, known: list[str]) -> str:
    """Say what was probably meant: by the whole path, else by the name in whatever section."""
    sections = sorted({each.partition(".")[0] for each in known if "." in each})
    if path == SECTIONS_KEY:
        return f"{SECTIONS_KEY} is {value!r}; it must be a dict of sections"
    if path in sections:
        return f"{path} stands beside {SECTIONS_KEY}; put it inside"
    if path.endswith("."):
        return _wrong_section(path[:-1], value, sections)
    known += [*RENAMED, *RETIRED]
    near = difflib.get_close_matches(path, known, n=1, cutoff=0.75) or _same_name(path, known)
    hint = f"did you mean {near[0]}?" if near else "manage.py show_config lists every key"
    return f"there is no setting {path}; {hint}"


def _same_name(path: str, known: list[str]) -> list[str]:
    name = path.rpartition(".")[2]
    nearest = difflib.get_close_matches(name, [each.rpartition(".")[2] for each in known], n=1, cutoff=0.7)
    return [each for each in known if nearest and each.rpartition(".")[2] == nearest[0]]


def _wrong_section(section: str, value: object, sections: list[str]) -> str:
    if section in sections:
        return f"{section} is {value!r}; it must be a dict of settings"
    near = difflib.get_close_matches(section, sections, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sections)}"
    return f"there is no section {section}; {hint}"
