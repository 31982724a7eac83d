"""One setting: what it means, what it may be, where it is read from."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.configuration.sizes import SIZE_WANTED, bytes_of
from pipeline.configuration.zones import ZONES_WANTED, Zones, zones_from

Value: TypeAlias = bool | int | float | str | Zones | None

_TRUE = ("true", "1", "yes", "on", "y", "t")
_FALSE = ("false", "0", "no", "off", "n", "f")
_NONE = ("none", "null")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known about a setting beside its type and default.

    env: the variables that set it; of those that are set the first wins. The first is the one to use, the others
        are older or broader.
    least, most: the bounds, included. above, below: bounds not included. is_odd: for filter sizes.
    django: the name under which the same value stands in the Django settings.
    """

    meaning: str
    env: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    is_odd: bool = False
    is_size: bool = False
    choices: tuple[str, ...] = ()
    django: str = ""
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A setting with its place: `path` is `face_detection.worker_count`, or `cpu_threshold` for one in no section."""

    path: str
    kind: type
    may_be_none: bool
    default: Value
    rule: Rule

    @property
    def section(self) -> str:
        """Empty for a setting in no section."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    def wanted(self) -> str:
        """What a value must be, as the end of a sentence."""
        what = {bool: "true or false", str: self._wanted_text(), tuple: ZONES_WANTED}.get(self.kind)
        return f"{what or self._wanted_number()}{', or none' if self.may_be_none else ''}"

    def check(self, value: object) -> Value:
        """Return `value` as the kind that it must be. Raises ValueError with what it must be."""
        if value is None and self.may_be_none:
            return None
        converted = self._converted(value)
        if converted is None or not self._is_within(converted):
            raise ValueError(self.wanted())
        return converted

    def parse(self, text: str) -> Value:
        """Read a value out of the environment. Raises ValueError with what it must be."""
        words = text.strip()
        if self.may_be_none and words.lower() in _NONE:
            return None
        if self.kind is bool and words.lower() in _TRUE + _FALSE:
            return words.lower() in _TRUE
        try:
            return self.check(self._read(words))
        except ValueError:
            raise ValueError(self.wanted()) from None

    def _read(self, words: str) -> object:
        if self.kind is tuple:
            return json.loads(words)
        return words if self.kind in (bool, str) else self.kind(words)

    def _wanted_text(self) -> str:
        if self.rule.is_size:
            return SIZE_WANTED
        return f"one of {', '.join(self.rule.choices)}" if self.rule.choices else "a text"

    def _wanted_number(self) -> str:
        rule = self.rule
        words = ["an odd number" if rule.is_odd else "a whole number" if self.kind is int else "a number"]
        limits = {"above": rule.above, "from": rule.least, "to": rule.most, "below": rule.below}
        return " ".join(words + [f"{word} {limit:g}" for word, limit in limits.items() if limit is not None])

    def _converted(self, value: object) -> Value:
        """None for what is of another kind."""
        if isinstance(value, bool) or self.kind is bool:
            return value if isinstance(value, bool) and self.kind is bool else None
        if self.kind is tuple:
            return zones_from(value)
        if self.kind is float and isinstance(value, int | float):
            return float(value)
        if self.kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if self.rule.choices and isinstance(value, str):
            return next((choice for choice in self.rule.choices if choice.lower() == value.lower()), None)
        return value if isinstance(value, int | str) and isinstance(value, self.kind) else None

    def _is_within(self, value: Value) -> bool:
        if isinstance(value, str) and self.rule.is_size:
            bytes_of(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return math.isfinite(value) and self._is_in_bounds(value)

    def _is_in_bounds(self, number: float) -> bool:
        rule = self.rule
        return (
            (rule.least is None or number >= rule.least)
            and (rule.most is None or number <= rule.most)
            and (rule.above is None or number > rule.above)
            and (rule.below is None or number < rule.below)
            and not (rule.is_odd and number % 2 == 0)
        )
