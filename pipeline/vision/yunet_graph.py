"""YuNet's ONNX file, freed of the one picture size that it was exported with.

ONNX Runtime holds to the declared 640 x 640; every layer of the network takes any multiple of 32.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from pipeline.vision.errors import ModelError

INPUT = "input"


def yunet_graph(path: Path) -> onnx.ModelProto:
    """Raises ModelError when the file is not YuNet's."""
    try:
        model = onnx.load(path)
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX file; fetch it again") from error
    inputs, outputs = list(model.graph.input), list(model.graph.output)
    if [value.name for value in inputs] != [INPUT] or len(outputs) != 12:
        raise ModelError(f"{path} is not YuNet's network: {len(inputs)} inputs, {len(outputs)} outputs; fetch it again")
    for axis, name in ((2, "rows"), (3, "columns")):
        inputs[0].type.tensor_type.shape.dim[axis].dim_param = name
    for value in outputs:
        value.type.tensor_type.shape.dim[1].dim_param = f"places_{value.name}"
    # Sizes of the layers in between, which are wrong now and worked out again by whoever loads the file.
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return model
