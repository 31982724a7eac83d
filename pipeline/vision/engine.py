"""One installation's detector, aligner and encoder, each built at its first use.

A recognition worker never loads the detector. What it is made of is imported where it is built: OpenCV and dlib take
20 MB that a recognition worker does without.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.vision.arrays import Float32Array, UInt8Array
from pipeline.vision.conversion import ensure_cnn, ensure_encoder, ensure_yunet
from pipeline.vision.detection.detector import Detection, Detector
from pipeline.vision.encoding import Encoder, OnnxEncoder, ReferenceEncoder
from pipeline.vision.errors import ModelError
from pipeline.vision.geometry import Box
from pipeline.vision.model_files import PREDICTORS
from pipeline.vision.sessions import providers_for

if TYPE_CHECKING:
    from pipeline.vision.alignment import Aligner

DETECTORS = ("hog", "cnn", "yunet")
DETECTOR_TYPES = ("cpu", "gpu")
ENCODERS = ("onnx", "reference")
ENCODING_MODELS = tuple(PREDICTORS)


@dataclass(frozen=True)
class EngineConfig:
    """Raises ValueError when a word is not one of those known.

    detector: hog, cnn, or yunet (whose file `fetch_models` brings into models_dir).
    detector_type: the processor that cnn and yunet run on; hog and the encoder always take the CPU.
    encoding_model: alignment by 5 (small) or 68 points (large). Encodings of the two must not be mixed.
    threads: processor threads of one network's run.
    """

    models_dir: Path
    detector: str = "hog"
    detector_type: str = "cpu"
    encoder: str = "onnx"
    encoding_model: str = "small"
    threads: int = 1

    def __post_init__(self) -> None:
        _check_word("detector", self.detector, DETECTORS)
        _check_word("detector_type", self.detector_type, DETECTOR_TYPES)
        _check_word("encoder", self.encoder, ENCODERS)
        _check_word("encoding_model", self.encoding_model, ENCODING_MODELS)
        if self.threads < 1:
            raise ValueError(f"threads is {self.threads}; at least 1 is needed")


class Engine:
    """Everything that turns a frame into faces and encodings. One instance belongs to one thread at a time."""

    def __init__(self, config: EngineConfig) -> None:
        """Raises ModelError where a GPU is asked for and cannot be used."""
        self.config = config
        if config.detector_type == "gpu" and config.detector == "hog":
            raise ModelError(
                "the hog detector cannot run on a GPU; set detector to cnn or yunet, or detector_type to cpu"
            )
        self._providers = providers_for(config.detector_type)

    def detect(self, frame: UInt8Array, min_face_px: int) -> list[Detection]:
        """Return the faces in an (H, W, 3) RGB frame, surest first; see `Detector.detect`."""
        return self._detector.detect(frame, min_face_px=min_face_px)

    def landmarks(self, frame: UInt8Array, box: Box) -> Float32Array:
        return self._aligner.landmarks(frame, box)

    def chip(self, frame: UInt8Array, face: Box | Float32Array) -> UInt8Array:
        return self._aligner.chip(frame, face)

    def encode(self, chips: UInt8Array) -> Float32Array:
        return self._encoder.encode(chips)

    def load_detector(self) -> None:
        """Build the detector now, so that the first frame does not wait; raises ModelError."""
        _ = self._detector

    def load_encoder(self) -> None:
        """Build the encoder now, so that the first face does not wait; raises ModelError."""
        _ = self._encoder

    @cached_property
    def _detector(self) -> Detector:
        models_dir, threads = self.config.models_dir, self.config.threads
        if self.config.detector == "cnn":
            from pipeline.vision.detection.cnn import CnnDetector

            return CnnDetector(ensure_cnn(models_dir), threads, self._providers)
        if self.config.detector == "yunet":
            from pipeline.vision.detection.yunet import YunetDetector

            return YunetDetector(ensure_yunet(models_dir), threads, self._providers)
        from pipeline.vision.detection.hog import HogDetector

        return HogDetector()

    @cached_property
    def _aligner(self) -> Aligner:
        from pipeline.vision.alignment import Aligner

        return Aligner(self.config.encoding_model)

    @cached_property
    def _encoder(self) -> Encoder:
        if self.config.encoder == "reference":
            return ReferenceEncoder()
        return OnnxEncoder(ensure_encoder(self.config.models_dir), self.config.threads)


def _check_word(setting: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise ValueError(f"{setting} is {word!r}; use one of {', '.join(known)}")
