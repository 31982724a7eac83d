"""dlib's CNN face detector as an ONNX graph: (1, rows, columns, 3) uint8 RGB in, (1, 1, r, c) float32 scores out.

The network's shape is net_type in dlib's cnn_face_detector.cpp: three convolutions that halve the picture, three more,
and one that scores every eighth pixel as the centre of a face. The picture is a tiled pyramid; see detection/cnn.py.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import onnx
from onnx import TensorProto, helper

from pipeline.vision.dlib_network import Affine, Convolution, DlibNetwork, Relu
from pipeline.vision.errors import ModelError
from pipeline.vision.onnx_graph import LayerCursor, Map, OnnxGraph

PICTURE, SCORES, GEOMETRY = "picture", "scores", "mmod"


@dataclass(frozen=True)
class MmodGeometry:
    """What turns scores into boxes; it travels in the file's metadata."""

    window: tuple[int, int]  # width, height of a face in the network's picture
    nms_iou: float
    nms_covered: float
    stride: int  # picture pixels from one score to the next
    offset: int  # picture pixel, x and y, of the first score
    background_rgb: tuple[int, int, int]  # what the network takes as nothing


def mmod_graph(network: DlibNetwork) -> onnx.ModelProto:
    """Raises ModelError when the layers are not those of the detection network."""
    graph, layers = OnnxGraph(), LayerCursor(network.layers)
    value = Map(graph.normalized(PICTURE, network.input), 3)
    convolutions = [layers.take(Convolution)]
    while layers.at(Affine):
        value = graph.relu(graph.convolution(value, convolutions[-1], layers.take(Affine)))
        layers.take(Relu)
        convolutions.append(layers.take(Convolution))
    layers.finish()
    value = graph.convolution(value, convolutions[-1])
    if value.channels != 1:
        raise ModelError(f"the detection network has {value.channels} windows; one is expected")
    model = graph.model(
        "face_detector_cnn",
        [helper.make_tensor_value_info(PICTURE, TensorProto.UINT8, ["batch", "rows", "columns", 3])],
        [helper.make_tensor_value_info(value.name, TensorProto.FLOAT, ["batch", 1, "r", "c"])],
    )
    helper.set_model_props(model, {GEOMETRY: json.dumps(asdict(_geometry(network, convolutions)))})
    return model


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
