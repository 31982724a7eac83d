"""Made-up encodings whose distances are known by construction."""

import numpy as np

from pipeline.vision.arrays import Float32Array
from pipeline.vision.matching import Gallery


def direction(seed: int) -> Float32Array:
    """A random (128,) vector of length 1; any two are nearly at right angles."""
    vector = np.random.default_rng(seed).normal(size=128)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def person(seed: int) -> Float32Array:
    """Somebody's encoding, as long as real ones are; two people lie about 1.8 apart."""
    return np.float32(1.3) * direction(seed)


def away(encoding: Float32Array, distance: float, seed: int = 99) -> Float32Array:
    """An encoding at just this distance, in a direction of its own."""
    return encoding + np.float32(distance) * direction(seed)


def gallery(*samples: tuple[int, Float32Array], blocked: tuple[int, ...] = ()) -> Gallery:
    ids = np.array([person_id for person_id, _ in samples], np.int64)
    return Gallery(np.stack([encoding for _, encoding in samples]), ids, np.isin(ids, blocked))
