"""The settings that go into an archive: what was configured, and, when asked for, the secrets."""

import json
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from migration.backup.manifest import CONFIG, ENVIRONMENT, SECRETS
from pipeline.config import all_keys, process_environment
from pipeline.configuration.files import given_values, nest
from pipeline.configuration.installation import INSTALLATION
from pipeline.configuration.resolving import PRESET_KEY

# Where things lie on this machine, and the two keys that are files of their own.
LEFT_OUT = {"DOORBELL_VAR", "DOORBELL_CONFIG", "SECRET_KEY", "NOTIFY_SECRET_KEY"}
KEYS = {"secret_key": "SECRET_KEY", "notifications_key": "NOTIFY_SECRET_KEY"}


def settings_files(*, with_secrets: bool) -> Iterator[tuple[str, bytes]]:
    """Member name and content: the configuration, the environment, and the two keys when asked for."""
    yield CONFIG, _as_json(_configuration(with_secrets=with_secrets))
    yield ENVIRONMENT, _as_json(set_variables(with_secrets=with_secrets))
    if with_secrets:
        for name, setting in KEYS.items():
            yield f"{SECRETS}{name}", str(getattr(settings, setting)).encode()


def set_variables(*, with_secrets: bool) -> dict[str, str]:
    """The variables of the doorbell that are set, by name."""
    wanted = known_variables() - LEFT_OUT - (set() if with_secrets else secret_variables())
    environment = process_environment()
    return {name: text for name in sorted(wanted) if (text := environment.get(name))}


def known_variables() -> set[str]:
    return {variable.name for variable in INSTALLATION} | {name for key in all_keys() for name in key.rule.env}


def secret_variables() -> set[str]:
    secret = {variable.name for variable in INSTALLATION if variable.is_secret}
    return secret | {name for key in all_keys() if key.rule.is_secret for name in key.rule.env}


def secret_paths() -> list[str]:
    return [key.path for key in all_keys() if key.rule.is_secret]


def without_secrets(given: dict[str, Any]) -> dict[str, Any]:
    return _kept(given, set(secret_paths()), is_wanted=False)


def only_secrets(given: dict[str, Any]) -> dict[str, Any]:
    return _kept(given, set(secret_paths()), is_wanted=True)


def _configuration(*, with_secrets: bool) -> dict[str, Any]:
    given = given_values(settings.DOORBELL)
    if settings.DOORBELL.preset and not os.environ.get("DOORBELL_PRESET"):
        given[PRESET_KEY] = settings.DOORBELL.preset
    return given if with_secrets else without_secrets(given)


def _kept(given: dict[str, Any], secret: set[str], *, is_wanted: bool) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in given.items():
        sections = value if isinstance(value, dict) else {"": {name: value}}
        for section, values in sections.items():
            flat |= {f"{section}.{key}" if section else key: each for key, each in values.items()}
    return nest({path: value for path, value in flat.items() if (path in secret) == is_wanted})


def _as_json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"
