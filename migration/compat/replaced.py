"""What the old objects had and this system has in another form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn


class Replaced:
    """Whoever asks for a name in `REPLACED` learns, by NotImplementedError, what took its place."""

    REPLACED: ClassVar[Mapping[str, str]] = {}

    def __getattr__(self, name: str) -> Any:
        if name in self.REPLACED:
            refuse(f"{type(self).__name__}.{name}", self.REPLACED[name])
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def refuse(name: str, replacement: str) -> NoReturn:
    raise NotImplementedError(f"{name} is not kept: {replacement}")
