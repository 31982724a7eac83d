"""dlib's serialization: numbers, strings and tensors, one after another with no index.

Sources: dlib 20's serialize.h and cuda/tensor.h. A file may come from anywhere, so every length is checked against
what is left of the file before anything is allocated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pipeline.vision.arrays import Float32Array
from pipeline.vision.errors import ModelError

T = TypeVar("T")

MAX_INT_BYTES = 8
MAX_STRING_BYTES = 1024
# A float's exponent is that of a double; anything beyond is not a number that dlib wrote.
MAX_EXPONENT = 1100
# dlib writes infinity and not-a-number as exponents of their own (float_details in float_details.h).
SPECIAL_FLOATS = {32000: math.inf, 32001: -math.inf, 32002: math.nan}
TENSOR_VERSION = 2
ALIAS_VERSION = 1


@dataclass(frozen=True)
class AliasTensor:
    """A view into a layer's parameters: (samples, channels, rows, columns)."""

    shape: tuple[int, int, int, int]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class DlibReader:
    """Reads values off the front of a file's bytes. Every method raises ModelError where the bytes do not fit."""

    def __init__(self, content: bytes, source: str) -> None:
        self._content = memoryview(content)
        self._offset = 0
        self._source = source

    def fail(self, reason: str) -> ModelError:
        return ModelError(
            f"{self._source} is not a model that can be read (byte {self._offset}: {reason}); "
            "reinstall the package that it belongs to"
        )

    def take(self, count: int) -> memoryview:
        left = len(self._content) - self._offset
        if count > left:
            raise self.fail(f"{count} bytes wanted, {left} left")
        taken = self._content[self._offset : self._offset + count]
        self._offset += count
        return taken

    def integer(self) -> int:
        control = self.take(1)[0]
        count = control & 0x0F
        if control & 0x70 or not 0 < count <= MAX_INT_BYTES:
            raise self.fail(f"{control:#04x} does not start an integer")
        value = int.from_bytes(self.take(count), "little")
        return -value if control & 0x80 else value

    def size(self) -> int:
        value = self.integer()
        if value < 0:
            raise self.fail(f"a negative size, {value}")
        return value

    def number(self) -> float:
        mantissa, exponent = self.integer(), self.integer()
        if exponent in SPECIAL_FLOATS:
            return SPECIAL_FLOATS[exponent]
        if abs(exponent) > MAX_EXPONENT:
            raise self.fail(f"an exponent of {exponent}")
        return math.ldexp(mantissa, exponent)

    def boolean(self) -> bool:
        character = bytes(self.take(1))
        if character not in (b"0", b"1"):
            raise self.fail(f"{character!r} is neither 0 nor 1")
        return character == b"1"

    def string(self) -> str:
        length = self.size()
        if length > MAX_STRING_BYTES:
            raise self.fail(f"a name of {length} bytes")
        try:
            return str(self.take(length), "ascii")
        except UnicodeDecodeError:
            raise self.fail("a name that is not ASCII") from None

    def items(self, read: Callable[[], T], count: int) -> tuple[T, ...]:
        return tuple(read() for _ in range(count))

    def version(self, expected: int, what: str) -> None:
        found = self.integer()
        if found != expected:
            raise self.fail(f"{what} of version {found}, not {expected}")

    def shape(self) -> tuple[int, int, int, int]:
        """Four sizes; one zero empties the whole shape, whatever the other three say."""
        shape = (self.size(), self.size(), self.size(), self.size())
        return shape if math.prod(shape) else (0, 0, 0, 0)

    def tensor(self) -> Float32Array:
        """A read-only view of the file's bytes, (samples, channels, rows, columns); an empty one is common."""
        self.version(TENSOR_VERSION, "tensor")
        shape = self.shape()
        return np.frombuffer(self.take(4 * math.prod(shape)), dtype="<f4").reshape(shape)

    def alias(self) -> AliasTensor:
        self.version(ALIAS_VERSION, "alias tensor")
        return AliasTensor(self.shape())

    def finish(self) -> None:
        left = len(self._content) - self._offset
        if left:
            raise self.fail(f"{left} bytes left over")
