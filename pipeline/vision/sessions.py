"""ONNX Runtime sessions: which processor runs a network, and with how many threads."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from pipeline.vision.errors import ModelError

CPU: tuple[str, ...] = ("CPUExecutionProvider",)
# In the order of preference. ONNX Runtime's own TensorRT provider compiles for minutes at its first run: not listed.
GPU_PROVIDERS = (
    "CUDAExecutionProvider",
    "MIGraphXExecutionProvider",
    "ROCMExecutionProvider",
    "DmlExecutionProvider",
    "CoreMLExecutionProvider",
)
ERRORS_ONLY = 3


def providers_for(detector_type: str) -> tuple[str, ...]:
    """Return the execution providers of `cpu` or `gpu`; raises ModelError where there is no GPU to run on."""
    if detector_type == "cpu":
        return CPU
    if detector_type != "gpu":
        raise ValueError(f"detector_type {detector_type!r} is not known; use cpu or gpu")
    import onnxruntime

    available = onnxruntime.get_available_providers()
    for provider in GPU_PROVIDERS:
        if provider in available:
            return (provider, *CPU)
    raise ModelError(
        f"detector_type is gpu, but ONNX Runtime offers only {', '.join(available)}; "
        "install the onnxruntime-gpu package and its driver, or set detector_type to cpu"
    )


def open_session(path: Path, threads: int = 1, providers: tuple[str, ...] = CPU) -> Any:
    """Load a network; raises ModelError when it cannot be, or when the first provider asked for did not start."""
    # Imported here: it takes 20 MB that a worker detecting by dlib alone never needs.
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as failures

    if not path.is_file():
        raise ModelError(f"there is no model at {path}; it is made or fetched at set-up")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # Idle threads must not spin: several workers share the processor's cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # ONNX Runtime's errors have no common class below Exception.
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=list(providers))
    except (
        failures.Fail,
        failures.InvalidGraph,
        failures.InvalidProtobuf,
        failures.NotImplemented,
        failures.RuntimeException,
        failures.EPFail,
        failures.InvalidArgument,
    ) as error:
        raise ModelError(f"{path} cannot be loaded by ONNX Runtime: {error}") from error
    _return_freed_memory()
    if session.get_providers()[0] != providers[0]:
        raise ModelError(
            f"{providers[0]} is installed but did not start (ONNX Runtime fell back to {session.get_providers()[0]}); "
            "check the driver, or set detector_type to cpu"
        )
    return session


def _return_freed_memory() -> None:
    """Loading leaves the weights behind a second time, freed but not given back: 33 of 111 MB for the encoder."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    # Only glibc has it; elsewhere the memory is used again by whatever comes next.
    if trim is not None:
        trim(0)
