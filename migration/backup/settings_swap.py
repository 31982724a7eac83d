"""Put the configuration and the keys of an archive in their places, so that it can be undone."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from doorbell_site.paths import private_folder
from migration.backup.kept_settings import (
    KEYS,
    known_variables,
    only_secrets,
    secret_variables,
    set_variables,
    without_secrets,
)
from migration.backup.manifest import CONFIG, ENVIRONMENT, SECRETS
from pipeline.config import ConfigError, process_environment, read_config_file
from pipeline.configuration.files import CONFIG_VARIABLE, OWN_FILE
from pipeline.configuration.resolving import SECTIONS_KEY

LONGEST_SHOWN = 100


@contextmanager
def replaced_settings(kept: Mapping[str, Any], folder: Path) -> Iterator[None]:
    """Write the configuration file, and the keys where the archive has them; undo it when the block fails."""
    changed: list[tuple[Path, bytes | None]] = []
    try:
        for path, content in _wanted(kept):
            changed.append((path, path.read_bytes() if path.exists() else None))
            _put(path, content, folder)
        yield
    except BaseException:
        for path, old in changed:
            _put(path, old, folder)
        raise


def settings_notes(kept: Mapping[str, Any]) -> Iterator[str]:
    """Where the environment says otherwise than the backup; no secret is shown."""
    environment, then = process_environment(), kept[ENVIRONMENT]
    if named := environment.get(CONFIG_VARIABLE):
        yield f"DOORBELL_CONFIG names {named}; the backup's configuration lies in {Path(settings.VAR_DIR) / OWN_FILE}."
    for name, variable in KEYS.items():
        here = environment.get(variable)
        if here and kept.get(SECRETS + name, here) != here:
            yield f"The environment sets {variable}, which goes before the key from the backup: take it out of there."
    now, secret = set_variables(with_secrets=True), secret_variables()
    for name in sorted(known_variables() & then.keys()):
        if now.get(name) != then[name]:
            value = "…" if name in secret else repr(then[name])[:LONGEST_SHOWN]
            yield f"The environment had {name}={value} and now says otherwise: put it into .env if you want it back."


def _wanted(kept: Mapping[str, Any]) -> Iterator[tuple[Path, bytes | None]]:
    """Path and content; None for a file that is not to be there."""
    var = Path(settings.VAR_DIR)
    config = _merged(var / OWN_FILE, kept[CONFIG], has_secrets=any(name.startswith(SECRETS) for name in kept))
    yield var / OWN_FILE, json.dumps(config, indent=2).encode() + b"\n" if config else None
    for name in KEYS:
        if (secret := kept.get(SECRETS + name)) is not None:
            yield var / "secrets" / name, str(secret).encode()


def _merged(path: Path, config: dict[str, Any], *, has_secrets: bool) -> dict[str, Any]:
    """The archive's configuration; where it holds no secrets, with those that are here."""
    if has_secrets:
        return config
    try:
        here = only_secrets(read_config_file(path)) if path.is_file() else {}
    except ConfigError:
        here = {}
    merged = {**here, **without_secrets(config)}
    sections = {**here.get(SECTIONS_KEY, {})}
    for name, values in config.get(SECTIONS_KEY, {}).items():
        sections[name] = {**sections.get(name, {}), **values}
    return merged | ({SECTIONS_KEY: sections} if sections else {})


def _put(path: Path, content: bytes | None, folder: Path) -> None:
    if content is None:
        path.unlink(missing_ok=True)
        return
    private_folder(path.parent)
    draft = folder / path.name
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
