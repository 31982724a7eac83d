"""YuNet's ONNX file, freed of the one picture size that it was exported with, and taking pictures as they are.

In: (1, rows, columns, 3) uint8 RGB, rows and columns any multiples of 32, where the export takes (1, 3, 640, 640)
float32 BGR.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, helper, numpy_helper

from pipeline.vision.errors import ModelError

PICTURE = "picture"
_INPUT = "input"
_OUTPUTS = 12


def yunet_graph(path: Path) -> onnx.ModelProto:
    """Raises ModelError when the file is not YuNet's."""
    try:
        model = onnx.load(path)
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX file; fetch it again") from error
    graph = model.graph
    first = [node for node in graph.node if _INPUT in node.input]
    if len(first) != 1 or first[0].op_type != "Conv" or len(graph.output) != _OUTPUTS:
        found = f"{len(graph.input)} inputs, {len(graph.output)} outputs"
        raise ModelError(f"{path} is not YuNet's network: {found}; fetch it again")
    _take_rgb(graph, first[0].input[1])
    _take_pictures(graph)
    for value in graph.output:
        value.type.tensor_type.shape.dim[1].dim_param = f"places_{value.name}"
    # Sizes of the layers in between, which are wrong now and worked out again by whoever loads the file.
    del graph.value_info[:]
    onnx.checker.check_model(model)
    return model


def _take_rgb(graph: onnx.GraphProto, name: str) -> None:
    """Put the first layer's weights, (filters, 3, rows, columns), into the order red, green, blue."""
    weights = next(each for each in graph.initializer if each.name == name)
    turned = np.ascontiguousarray(numpy_helper.to_array(weights)[:, ::-1])
    weights.CopyFrom(numpy_helper.from_array(turned, name))


def _take_pictures(graph: onnx.GraphProto) -> None:
    nodes = [
        helper.make_node("Transpose", [PICTURE], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], [_INPUT], to=TensorProto.FLOAT),
        *graph.node,
    ]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info(PICTURE, TensorProto.UINT8, [1, "rows", "columns", 3]))
