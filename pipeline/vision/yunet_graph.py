"""YuNet's ONNX file, made to take pictures as they are, of any size, and to give one array for each of its strides.

In: (1, rows, columns, 3) uint8 RGB, rows and columns any multiples of 32, where the export takes (1, 3, 640, 640)
float32 BGR. Out: `faces_8`, `faces_16` and `faces_32`, (1, places, 16) float32: how surely a face and how surely an
object, both before the sigmoid, then a box's four numbers and five points' x, y.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto, helper, numpy_helper

from pipeline.vision.errors import ModelError

PICTURE = "picture"
STRIDES = (8, 16, 32)
_INPUT = "input"
_HEADS = ("cls", "obj", "bbox", "kps")
_NUMBERS = 16
_WEIGHTS = ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias")


def yunet_graph(path: Path) -> onnx.ModelProto:
    """Raises ModelError when the file is not YuNet's."""
    try:
        model = onnx.load(path)
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX file; fetch it again") from error
    graph = model.graph
    first = [node for node in graph.node if _INPUT in node.input]
    weights = {each.name for each in graph.initializer}
    if len(first) != 1 or first[0].op_type != "Conv" or not weights.issuperset(_all_head_weights()):
        found = f"{len(graph.input)} inputs, {len(graph.output)} outputs"
        raise ModelError(f"{path} is not YuNet's network: {found}; fetch it again")
    _take_rgb(graph, first[0].input[1])
    _take_pictures(graph)
    _join_heads(graph)
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


def _join_heads(graph: onnx.GraphProto) -> None:
    """Make the four heads of each stride, which all read one map, a single one of 16 channels.

    ONNX Runtime takes channels by sixteens, so that each of the four cost as much: a tenth of the network's time.
    """
    heads = set(_all_head_weights())
    # The heads are the end of the network; the export writes all of them behind everything else.
    body_length = next(place for place, node in enumerate(graph.node) if not heads.isdisjoint(node.input))
    read_by = {name: node for node in graph.node for name in node.input}
    maps = [read_by[_weights_name("cls", level, _WEIGHTS[0])].input[0] for level in range(len(STRIDES))]
    del graph.node[body_length:], graph.output[:]
    graph.initializer.append(numpy_helper.from_array(np.array([1, -1, _NUMBERS], np.int64), "faces_shape"))
    for level, (stride, value) in enumerate(zip(STRIDES, maps, strict=True)):
        _add_head(graph, value, level, f"faces_{stride}")
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _add_head(graph: onnx.GraphProto, value: str, level: int, output: str) -> None:
    weights = {each.name: each for each in graph.initializer}
    names = [f"{output}.{kind}" for kind in _WEIGHTS]
    for name, kind in zip(names, _WEIGHTS, strict=True):
        parts = [numpy_helper.to_array(weights[_weights_name(head, level, kind)]) for head in _HEADS]
        graph.initializer.append(numpy_helper.from_array(np.concatenate(parts), name))
    narrow, wide, turned = (f"{output}.{layer}" for layer in ("channels", "places", "turned"))
    graph.node.extend(
        [
            helper.make_node("Conv", [value, *names[:2]], [narrow]),
            helper.make_node("Conv", [narrow, *names[2:]], [wide], group=_NUMBERS, pads=[1, 1, 1, 1]),
            helper.make_node("Transpose", [wide], [turned], perm=[0, 2, 3, 1]),
            helper.make_node("Reshape", [turned, "faces_shape"], [output]),
        ]
    )
    graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, f"places_{output}", _NUMBERS]))


def _all_head_weights() -> list[str]:
    return [_weights_name(head, level, kind) for head in _HEADS for level in range(len(STRIDES)) for kind in _WEIGHTS]


def _weights_name(head: str, level: int, kind: str) -> str:
    return f"bbox_head.multi_level_{head}.{level}.{kind}"
