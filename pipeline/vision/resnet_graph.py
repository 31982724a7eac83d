"""dlib's face recognition ResNet as an ONNX graph: (N, 150, 150, 3) uint8 RGB chips in, (N, 128) float32 out.

The network's shape is that of anet_type in dlib's dnn_face_recognition_ex.cpp: a stem, fourteen residual blocks, the
average over the map and a product with a matrix.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from pipeline.vision.dlib_network import (
    AddPrevious,
    Affine,
    Convolution,
    DlibNetwork,
    FullyConnected,
    Pool,
    Relu,
)
from pipeline.vision.errors import ModelError
from pipeline.vision.onnx_graph import LayerCursor, Map, OnnxGraph, on_pixels

CHIPS, ENCODINGS = "chips", "encodings"
CHIP_PX = 150
ENCODING_SIZE = 128


def resnet_graph(network: DlibNetwork) -> onnx.ModelProto:
    """Raises ModelError when the layers are not those of the recognition network."""
    if network.input.size != (CHIP_PX, CHIP_PX):
        raise ModelError(f"the network takes pictures of {network.input.size}, not chips of {CHIP_PX} x {CHIP_PX}")
    graph, layers = OnnxGraph(), LayerCursor(network.layers)
    value = _stem(graph, layers, network)
    while layers.at(Convolution):
        value = _residual_block(graph, layers, value)
    encodings = _head(graph, layers, value)
    layers.finish()
    return graph.model(
        "face_encoder",
        [helper.make_tensor_value_info(CHIPS, TensorProto.UINT8, ["batch", CHIP_PX, CHIP_PX, 3])],
        [helper.make_tensor_value_info(encodings, TensorProto.FLOAT, ["batch", ENCODING_SIZE])],
    )


def _stem(graph: OnnxGraph, layers: LayerCursor, network: DlibNetwork) -> Map:
    chips = Map(graph.planes(CHIPS), 3, CHIP_PX, CHIP_PX)
    value = graph.convolution(chips, on_pixels(layers.take(Convolution), network.input), layers.take(Affine))
    layers.take(Relu)
    return graph.pool(graph.relu(value), layers.take(Pool))


def _residual_block(graph: OnnxGraph, layers: LayerCursor, block_input: Map) -> Map:
    """Two convolutions added to the block's input, which is pooled first where the block halves the map."""
    value = graph.convolution(block_input, layers.take(Convolution), layers.take(Affine))
    layers.take(Relu)
    value = graph.convolution(graph.relu(value), layers.take(Convolution), layers.take(Affine))
    shortcut = graph.pool(block_input, layers.take(Pool)) if layers.at(Pool) else block_input
    layers.take(AddPrevious)
    layers.take(Relu)
    return graph.relu(graph.add(value, shortcut))


def _head(graph: OnnxGraph, layers: LayerCursor, value: Map) -> str:
    pool = layers.take(Pool)
    matrix = layers.take(FullyConnected).weights
    if (pool.kind, pool.window) != ("avg", (0, 0)) or matrix.shape != (value.channels, ENCODING_SIZE):
        raise ModelError(f"the network ends in a {pool.kind} pool {pool.window} and a matrix of {matrix.shape}")
    mean = graph.node("GlobalAveragePool", value.name)
    return graph.node("MatMul", graph.node("Flatten", mean), graph.constant(matrix))
