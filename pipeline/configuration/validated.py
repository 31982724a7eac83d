"""A frozen dataclass that refuses values which its rules do not allow."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from pipeline.configuration.errors import ConfigError
from pipeline.configuration.rules.table import RULES
from pipeline.configuration.setting import Key, Value


class Validated:
    """Names its section in the class statement; "" is the part in no section. Raises ConfigError when it is made."""

    keys: ClassVar[tuple[Key, ...]]

    def __init_subclass__(cls, *, section: str, **words: Any) -> None:
        super().__init_subclass__(**words)
        hints = get_type_hints(cls)
        cls.keys = tuple(
            Key(
                path=f"{section}.{name}" if section else name,
                kind=_kind(hints[name]),
                may_be_none=NoneType in get_args(hints[name]),
                default=getattr(cls, name),
                rule=rule,
            )
            for name, rule in RULES[section].items()
        )

    def __post_init__(self) -> None:
        problems = []
        for key in self.keys:
            value = getattr(self, key.name)
            try:
                object.__setattr__(self, key.name, key.check(value))
            except ValueError as wanted:
                shown = "…" if key.rule.is_secret else repr(value)
                problems.append(f"{key.path} is {shown}; it must be {wanted}")
        if problems:
            raise ConfigError(problems)

    def values(self) -> dict[str, Value]:
        """Name and value of every setting of this section."""
        return {key.name: getattr(self, key.name) for key in self.keys}


def _kind(hint: Any) -> type:
    """bool, int, float, str, or tuple for zones; of `int | None` the int."""
    if isinstance(hint, UnionType):
        hint = next(kind for kind in get_args(hint) if kind is not NoneType)
    kind: type = get_origin(hint) or hint
    return kind
