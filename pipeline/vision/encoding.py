"""Encodings of aligned faces, by ONNX Runtime or by dlib itself."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.model_files import RESNET, model_file
from pipeline.vision.sessions import CPU, open_session

CHIP_PX = 150
ENCODING_SIZE = 128
# The activations of more chips at once leave the processor's cache, and memory grows with them.
MAX_BATCH = 16


class Encoder(Protocol):
    name: str

    def encode(self, chips: UInt8Array) -> Float32Array:
        """Return one encoding per aligned face chip.

        chips: (N, 150, 150, 3) RGB, N may be 0. Returns (N, 128); two encodings of one person lie within 0.6 of each
        other, Euclidean (dlib's LFW threshold). Raises ValueError on other shapes.
        """
        ...


class OnnxEncoder:
    """dlib's network as converted by `conversion.ensure_encoder`; equal to dlib's within 1e-5."""

    name = "onnx"

    def __init__(self, path: Path, threads: int = 1, providers: tuple[str, ...] = CPU) -> None:
        """Raises ModelError when the file is no model or a provider is not available."""
        self._session = open_session(path, threads, providers)

    def encode(self, chips: UInt8Array) -> Float32Array:
        _check_chips(chips)
        encodings = np.empty((len(chips), ENCODING_SIZE), np.float32)
        for start in range(0, len(chips), MAX_BATCH):
            batch = np.ascontiguousarray(chips[start : start + MAX_BATCH])
            encodings[start : start + len(batch)] = self._session.run(None, {"chips": batch})[0]
        return encodings


class ReferenceEncoder:
    """The network as dlib runs it, which is what face_recognition does. It holds the GIL for its whole run."""

    name = "reference"

    def __init__(self) -> None:
        # Imported here: it takes 6 MB that a worker encoding by ONNX Runtime never needs.
        import dlib

        self._network = dlib.face_recognition_model_v1(str(model_file(RESNET)))

    def encode(self, chips: UInt8Array) -> Float32Array:
        _check_chips(chips)
        encodings = [self._network.compute_face_descriptor(np.ascontiguousarray(chip)) for chip in chips]
        return np.array(encodings, np.float32).reshape(-1, ENCODING_SIZE)


def _check_chips(chips: UInt8Array) -> None:
    if chips.dtype != np.uint8 or chips.shape[1:] != (CHIP_PX, CHIP_PX, 3):
        raise ValueError(f"chips are (N, {CHIP_PX}, {CHIP_PX}, 3) uint8 RGB, not {chips.shape} {chips.dtype}")
