"""Old encodings, as numbers from outside: 128 finite float64, of a length that a face's encoding has."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from faces.models import ENCODING_DIMENSIONS
from migration.legacy.errors import SourceError

Float64Array: TypeAlias = npt.NDArray[np.float64]

# dlib's encodings have a norm of 1.2 to 1.6; anything far from that was made by something else.
SHORTEST, LONGEST = 0.5, 3.0


def checked_encoding(numbers: Sequence[object] | Float64Array) -> Float64Array:
    """Return the (128,) float64 encoding. Raises SourceError."""
    if len(numbers) != ENCODING_DIMENSIONS:
        raise SourceError(f"an encoding has 128 numbers, this one has {len(numbers)}")
    if not isinstance(numbers, np.ndarray) and not all(_is_number(number) for number in numbers):
        raise SourceError("the encoding holds something that is no number")
    encoding = np.array(numbers, dtype="<f8")
    length = float(np.linalg.norm(encoding)) if np.isfinite(encoding).all() else float("nan")
    if not SHORTEST <= length <= LONGEST:
        raise SourceError(f"the encoding is not one of a face (its length is {length:.3g}, a face's about 1.4)")
    return encoding


def _is_number(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and abs(value) < 1e6
