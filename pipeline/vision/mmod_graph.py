"""dlib's CNN face detector as an ONNX graph: (1, rows, columns, 3) uint8 RGB in, (1, 1, r, c) float32 scores out.

The network's shape is net_type in dlib's cnn_face_detector.cpp: three convolutions that halve the picture, three more,
and one that scores every eighth pixel as the centre of a face. The picture is a tiled pyramid; see detection/cnn.py.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import onnx
from onnx import TensorProto, helper

from pipeline.vision.dlib_network import Affine, Convolution, DlibNetwork, Relu
from pipeline.vision.errors import ModelError
from pipeline.vision.mmod_geometry import GEOMETRY, MmodGeometry
from pipeline.vision.onnx_graph import LayerCursor, Map, OnnxGraph, on_pixels

PICTURE = "picture"
BLOCK = 16


def mmod_graph(network: DlibNetwork) -> onnx.ModelProto:
    """Raises ModelError when the layers are not those of the detection network."""
    graph, layers = OnnxGraph(), LayerCursor(network.layers)
    convolutions = [layers.take(Convolution)]
    value = Map(graph.planes(PICTURE), 3)
    next_one = on_pixels(convolutions[0], network.input)
    while layers.at(Affine):
        value = graph.relu(graph.convolution(value, *_widened(next_one, layers.take(Affine), value.channels)))
        layers.take(Relu)
        next_one = layers.take(Convolution)
        convolutions.append(next_one)
    layers.finish()
    scores = _scored(graph, value, next_one)
    model = graph.model(
        "face_detector_cnn",
        [helper.make_tensor_value_info(PICTURE, TensorProto.UINT8, ["batch", "rows", "columns", 3])],
        [helper.make_tensor_value_info(scores, TensorProto.FLOAT, ["batch", 1, "r", "c"])],
    )
    helper.set_model_props(model, {GEOMETRY: json.dumps(asdict(_geometry(network, convolutions)))})
    return model


def _widened(layer: Convolution, affine: Affine, channels: int) -> tuple[Convolution, Affine]:
    """The same layers with filters of zeros added, up to a number that ONNX Runtime's blocked kernels take.

    They want multiples of 16; the network has 45, which cost 1.5 times the time of 48.
    """
    filters, own_channels = layer.weights.shape[:2]
    more = -filters % BLOCK
    weights = np.pad(layer.weights, ((0, more), (0, channels - own_channels), (0, 0), (0, 0)))
    widened = replace(layer, weights=weights, bias=np.pad(layer.bias, (0, more)))
    return widened, Affine(np.pad(affine.scale, (0, more)), np.pad(affine.shift, (0, more)))


def _scored(graph: OnnxGraph, value: Map, layer: Convolution) -> str:
    """The last convolution, written as the transposed one that equals it.

    With a single filter of 9 x 9 that is one product of matrices and a sum, in a third of the time.
    """
    filters, own_channels, rows, columns = layer.weights.shape
    if filters != 1 or layer.stride != (1, 1) or layer.padding != (rows // 2, columns // 2):
        raise ModelError(
            f"the detection network ends in {filters} filters of {rows} x {columns}; one, centred, is expected"
        )
    weights = np.pad(layer.weights, ((0, 0), (0, value.channels - own_channels), (0, 0), (0, 0)))
    flipped = weights.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    pads = [*layer.padding, *layer.padding]
    return graph.node("ConvTranspose", value.name, graph.constant(flipped), graph.constant(layer.bias), pads=pads)


def _geometry(network: DlibNetwork, convolutions: list[Convolution]) -> MmodGeometry:
    options = network.options
    if options is None:
        raise ModelError(f"the network has the loss {network.loss}, which says nothing about detection windows")
    stride, offset = 1, 0
    # From the output back to the picture, as con_::map_output_to_input in dnn/layers.h does for each layer.
    for layer in reversed(convolutions):
        if layer.stride[0] != layer.stride[1] or layer.weights.shape[2] != layer.weights.shape[3]:
            raise ModelError("the detection network treats rows and columns differently; it cannot be converted")
        stride *= layer.stride[0]
        offset = offset * layer.stride[0] - layer.padding[0] + layer.weights.shape[2] // 2
    red, green, blue = (round(value) for value in network.input.average_rgb)
    return MmodGeometry(options.window, options.nms_iou, options.nms_covered, stride, offset, (red, green, blue))
