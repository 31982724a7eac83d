"""Makes ONNX files of dlib's networks, once per installation, and proves the encoder equal before anybody uses it.

Beside each file lies a stamp: what it was made from, by which version of this code. A file without a fitting stamp is
made again, so an interrupted conversion or an update of the package needs no attention.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.vision.arrays import UInt8Array
from pipeline.vision.errors import ModelError
from pipeline.vision.model_download import YUNET
from pipeline.vision.model_files import MMOD, RESNET, model_file

ENCODER_FILE = "face_encoder.onnx"
CNN_FILE = "face_detector_cnn.onnx"
YUNET_FILE = "face_detector_yunet.onnx"
# To be raised with every change of what the graph builders write.
CONVERTER_VERSION = 4


@dataclass(frozen=True)
class Stamp:
    converter: int
    source_sha256: str
    source_bytes: int
    source_mtime_ns: int
    model_bytes: int


def ensure_encoder(models_dir: Path, chips: UInt8Array | None = None) -> Path:
    """Return the encoder's ONNX file, converting it first where it is missing or out of date.

    Before a new file gets its name it is compared with dlib on `chips`, (N, 150, 150, 3) RGB, and on those of
    `equality.check_chips`. Costs two stats and a small read when there is nothing to do. Any number of processes may
    call it at once. Raises ModelError.
    """
    return _ensure(
        model_file(RESNET), models_dir / ENCODER_FILE, lambda source, part: _build_encoder(source, part, chips)
    )


def ensure_cnn(models_dir: Path) -> Path:
    """Return the cnn detector's ONNX file, as `ensure_encoder` does for the encoder."""
    return _ensure(model_file(MMOD), models_dir / CNN_FILE, _build_cnn)


def ensure_yunet(models_dir: Path) -> Path:
    """Return YuNet's ONNX file made ready for ONNX Runtime, from the one that `model_download.fetch` brought."""
    source = models_dir / YUNET.file_name
    if not source.is_file():
        raise ModelError(
            f"the yunet detector needs {source}; run `./doorbell manage fetch_models`, or set detector to hog or cnn"
        )
    return _ensure(source, models_dir / YUNET_FILE, _build_yunet)


def missing_models(models_dir: Path, *, detector: str, encoder: str) -> list[str]:
    """Return which of `encoder`, `cnn` and `yunet` such an engine would have to make first. Raises ModelError."""
    needed: dict[str, tuple[Path, Path]] = {}
    if encoder == "onnx":
        needed["encoder"] = model_file(RESNET), models_dir / ENCODER_FILE
    if detector == "cnn":
        needed["cnn"] = model_file(MMOD), models_dir / CNN_FILE
    if detector == "yunet":
        needed["yunet"] = models_dir / YUNET.file_name, models_dir / YUNET_FILE
    return [name for name, (source, target) in needed.items() if not (source.is_file() and _is_current(source, target))]


def _ensure(source: Path, target: Path, build: Callable[[Path, Path], None]) -> Path:
    if _is_current(source, target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(target):
            # Another process may have converted it while this one waited for the lock.
            if not _is_current(source, target):
                _convert(source, target, build)
    except OSError as error:
        raise ModelError(f"{target} cannot be written: {error}; make its folder writable") from error
    return target


def _is_current(source: Path, target: Path) -> bool:
    try:
        stamp = Stamp(**json.loads(_stamp_path(target).read_text()))
        model_bytes = target.stat().st_size
    except (OSError, ValueError, TypeError):
        return False
    if stamp.converter != CONVERTER_VERSION or stamp.model_bytes != model_bytes:
        return False
    status = source.stat()
    if (status.st_size, status.st_mtime_ns) == (stamp.source_bytes, stamp.source_mtime_ns):
        return True
    return _sha256(source) == stamp.source_sha256


def _convert(source: Path, target: Path, build: Callable[[Path, Path], None]) -> None:
    status = source.stat()
    digest = _sha256(source)
    with _part_beside(target) as part:
        build(source, part)
        stamp = Stamp(CONVERTER_VERSION, digest, status.st_size, status.st_mtime_ns, part.stat().st_size)
        # The old stamp goes first: a stop between the two moves must not leave it beside a new file.
        _stamp_path(target).unlink(missing_ok=True)
        part.replace(target)
    with _part_beside(_stamp_path(target)) as part:
        part.write_text(json.dumps(asdict(stamp)))
        part.replace(_stamp_path(target))


def _build_encoder(source: Path, part: Path, chips: UInt8Array | None) -> None:
    # onnx, dlib's network and the comparison take 150 MB that a process finding the file ready never needs.
    from pipeline.vision.dlib_network import read_network
    from pipeline.vision.equality import check_encoder
    from pipeline.vision.resnet_graph import resnet_graph

    _write_model(part, resnet_graph(read_network(source)).SerializeToString())
    check_encoder(part, chips)


def _build_cnn(source: Path, part: Path) -> None:
    from pipeline.vision.dlib_network import read_network
    from pipeline.vision.mmod_graph import mmod_graph

    _write_model(part, mmod_graph(read_network(source)).SerializeToString())


def _build_yunet(source: Path, part: Path) -> None:
    from pipeline.vision.yunet_graph import yunet_graph

    _write_model(part, yunet_graph(source).SerializeToString())


def _write_model(part: Path, content: bytes) -> None:
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _only_one(target: Path) -> Iterator[None]:
    with target.with_name(f".{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _part_beside(target: Path) -> Iterator[Path]:
    """A file that either gets renamed inside the block or is gone after it."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    # mkstemp makes the file private; models are no secret, and another user's worker may read them.
    part.chmod(0o644)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _stamp_path(target: Path) -> Path:
    return target.with_suffix(".json")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
