"""The environment, with what `.env` adds to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import environ


@dataclass(frozen=True)
class Environment:
    """from_file: the names whose value `.env` gave. An empty value counts as not set."""

    values: Mapping[str, str]
    from_file: frozenset[str] = frozenset()

    def get(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def origin(self, name: str) -> str:
        return f"{'.env' if name in self.from_file else 'environment'} {name}"


def read_environment(dotenv: Path, process: Mapping[str, str] = os.environ) -> Environment:
    """The process's own variables beat those of the file, which may be absent."""
    written = read_dotenv(dotenv)
    # Once django-environ has loaded the file, its values stand in the process's environment as well.
    from_file = {name for name, value in written.items() if process.get(name, value) == value}
    return Environment({**written, **process}, frozenset(from_file))


def read_dotenv(path: Path) -> dict[str, str]:
    """What the file sets, and nothing else; django-environ reads it."""

    class FileAlone(environ.Env):  # type: ignore[misc]
        ENVIRON: ClassVar[dict[str, str]] = {}

    if path.is_file():
        FileAlone.read_env(path)
    return FileAlone.ENVIRON
