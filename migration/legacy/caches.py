"""The two encoding caches: pickles of `{'encodings': [(128,) float64, …], 'names': [str, …]}`."""

from dataclasses import dataclass

import numpy as np

from migration.legacy.encodings import Float64Array, checked_encoding
from migration.legacy.errors import SourceError
from migration.legacy.pickles import Globals, read_pickle

MAX_CACHE_BYTES = 16 * 1024 * 1024
MAX_FACES = 5_000  # comparing everybody with everybody beyond that takes hours
MAX_NAME = 1000
_FLOAT64 = ("f8", "<f8", "float64")


@dataclass(frozen=True, eq=False, slots=True)
class CachedFace:
    """`index`: its place in the file. `encoding`: (128,) float64."""

    index: int
    name: str
    encoding: Float64Array


@dataclass(frozen=True, slots=True)
class Cache:
    """`refused`: which single entries were left out, and why."""

    faces: tuple[CachedFace, ...]
    refused: tuple[str, ...]


def read_cache(content: bytes) -> Cache:
    """Read the bytes of a cache file. Raises SourceError with the reason why it is not used at all."""
    value = read_pickle(content, GLOBALS)
    if not isinstance(value, dict) or set(value) != {"encodings", "names"}:
        raise SourceError("not a cache: it does not hold `encodings` and `names`")
    encodings, names = value["encodings"], value["names"]
    if not isinstance(encodings, list) or not isinstance(names, list):
        raise SourceError("not a cache: `encodings` and `names` are not lists")
    if len(encodings) > MAX_FACES:
        raise SourceError(f"{len(encodings):,} faces are more than any household knows; the limit is {MAX_FACES:,}")
    if len(encodings) != len(names):
        raise SourceError(f"{len(encodings)} encodings but {len(names)} names: which belongs to which is not known")
    faces, refused = [], []
    for index, (encoding, name) in enumerate(zip(encodings, names, strict=True)):
        try:
            faces.append(_face(index, name, encoding))
        except SourceError as error:
            refused.append(f"entry {index}: {error}")
    return Cache(tuple(faces), tuple(refused))


def _face(index: int, name: object, encoding: object) -> CachedFace:
    if not isinstance(name, str) or len(name) > MAX_NAME:
        raise SourceError("its name is no text, or too long")
    if not isinstance(encoding, _Array):
        raise SourceError("its encoding is no array")
    return CachedFace(index, name, checked_encoding(encoding.numbers))


class _DType:
    """numpy.dtype('f8', …), and nothing else."""

    def set_state(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) < 2 or state[1] not in ("<", "|", "="):
            raise SourceError("an encoding is not made of little-endian float64 numbers")


class _Array:
    """An array on its way: filled by BUILD with (version, shape, dtype, fortran order, bytes)."""

    raw: bytes = b""

    def set_state(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise SourceError("an encoding has an unknown form")
        _, shape, dtype, _, raw = state
        self.fill(shape, dtype, raw)

    def fill(self, shape: object, dtype: object, raw: object) -> None:
        if not isinstance(dtype, _DType) or not isinstance(raw, bytes | bytearray):
            raise SourceError("an encoding has an unknown form")
        if not isinstance(shape, tuple) or len(shape) != 1 or shape[0] * 8 != len(raw):
            raise SourceError("an encoding does not have the shape that its bytes have")
        self.raw = bytes(raw)

    @property
    def numbers(self) -> Float64Array:
        return np.frombuffer(self.raw, dtype="<f8")


def _ndarray(*_arguments: object) -> object:
    """Stands for the class; only `_reconstruct` may make one."""
    raise SourceError("an encoding has an unknown form")


def _reconstruct(kind: object, _shape: object, _code: object) -> _Array:
    if kind is not _ndarray:
        raise SourceError("an encoding has an unknown form")
    return _Array()


def _dtype(code: object, _align: object = False, _copy: object = False) -> _DType:
    if not isinstance(code, str) or code not in _FLOAT64:
        raise SourceError("an encoding is not made of float64 numbers")
    return _DType()


def _from_buffer(raw: object, dtype: object, shape: object, _order: object) -> _Array:
    array = _Array()
    array.fill(shape, dtype, raw)
    return array


def _encode(text: object, codec: object) -> bytes:
    """Protocols 0 to 2 write bytes as text."""
    if not isinstance(text, str) or codec != "latin1":
        raise SourceError("an encoding has an unknown form")
    return text.encode("latin-1")


# Exactly what numpy 1 and 2 write for such arrays under Python's protocols 0 to 5. Nothing of numpy is
# called: what it does with a crafted state is its own business, and not always safe.
GLOBALS: Globals = {
    "numpy.core.multiarray._reconstruct": _reconstruct,
    "numpy._core.multiarray._reconstruct": _reconstruct,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "numpy.ndarray": _ndarray,
    "numpy.dtype": _dtype,
    "_codecs.encode": _encode,
}
