"""The layers of a network that dlib serialized.

A dlib network is one nested C++ type, written as: the loss layer, the versions of all wrappers from the outside in,
the input layer, then each layer's details from the input outward (dnn/core.h, dnn/layers.h, dnn/loss.h). Tags and
skips leave nothing but their version, so what a layer takes as input is the graph builder's knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.vision.arrays import Float32Array
from pipeline.vision.dlib_format import AliasTensor, DlibReader
from pipeline.vision.errors import ModelError

TAG_VERSION = 1
LAYER_VERSION = 2
INNERMOST_VERSION = 3
MAX_WRAPPERS = 1000


@dataclass(frozen=True)
class Convolution:
    weights: Float32Array  # (filters, channels, rows, columns)
    bias: Float32Array  # (filters,)
    stride: tuple[int, int]  # y, x
    padding: tuple[int, int]  # y, x


@dataclass(frozen=True)
class Affine:
    """Per channel: value * scale + shift."""

    scale: Float32Array
    shift: Float32Array


@dataclass(frozen=True)
class FullyConnected:
    weights: Float32Array  # (inputs, outputs), to be multiplied from the right


@dataclass(frozen=True)
class Pool:
    kind: str  # "max" or "avg"
    window: tuple[int, int]  # rows, columns; 0 means the whole map
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True)
class Relu:
    pass


@dataclass(frozen=True)
class AddPrevious:
    """Adds the output of a tagged layer."""


Layer = Convolution | Affine | FullyConnected | Pool | Relu | AddPrevious


@dataclass(frozen=True)
class InputImage:
    name: str
    average_rgb: tuple[float, float, float]  # subtracted before the division by 256
    size: tuple[int, int] | None  # rows, columns, where the network takes one size only


@dataclass(frozen=True)
class MmodOptions:
    """What turns the detector's scores into boxes (mmod_options in dnn/loss.h)."""

    window: tuple[int, int]  # width, height in pixels of the picture that the network sees
    nms_iou: float
    nms_covered: float


@dataclass(frozen=True)
class DlibNetwork:
    loss: str
    options: MmodOptions | None
    input: InputImage
    layers: tuple[Layer, ...]  # from the input outward


def read_network(path: Path) -> DlibNetwork:
    """Read a whole .dat file, to its last byte; raises ModelError when it is not a network of these layers."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    return parse_network(content, path.name)


def parse_network(content: bytes, source: str) -> DlibNetwork:
    reader = DlibReader(content, source)
    reader.version(1, "loss layer")
    loss = reader.string()
    options = _read_loss(reader, loss)
    layer_count = _count_layers(reader)
    image = _read_input(reader)
    layers = tuple(_read_wrapped_layer(reader, is_innermost=index == 0) for index in range(layer_count))
    reader.finish()
    return DlibNetwork(loss, options, image, layers)


def _read_loss(reader: DlibReader, name: str) -> MmodOptions | None:
    if name == "loss_metric_2":
        reader.items(reader.number, 2)  # margin and distance threshold: training only
        return None
    if name == "loss_mmod_":
        return _read_mmod_options(reader)
    raise reader.fail(f"a loss layer {name!r}")


def _read_mmod_options(reader: DlibReader) -> MmodOptions:
    reader.version(1, "mmod options")
    width, height = reader.size(), reader.size()
    reader.items(reader.number, 3)  # loss per false alarm, per missed target, IoU of a true match: training only
    nms_iou, nms_covered = reader.number(), reader.number()
    reader.items(reader.number, 2)  # boxes ignored in training
    return MmodOptions((width, height), nms_iou, nms_covered)


def _count_layers(reader: DlibReader) -> int:
    layers = 0
    for _ in range(MAX_WRAPPERS):
        version = reader.integer()
        if version == INNERMOST_VERSION:
            return layers + 1
        if version not in (TAG_VERSION, LAYER_VERSION):
            raise reader.fail(f"a layer of version {version}")
        layers += version == LAYER_VERSION
    raise reader.fail(f"more than {MAX_WRAPPERS} layers")


def _read_input(reader: DlibReader) -> InputImage:
    name = reader.string()
    red, green, blue = reader.number(), reader.number(), reader.number()
    if name == "input_rgb_image_sized":
        return InputImage(name, (red, green, blue), (reader.size(), reader.size()))
    if name == "input_rgb_image_pyramid":
        return InputImage(name, (red, green, blue), None)
    raise reader.fail(f"an input layer {name!r}")


def _read_wrapped_layer(reader: DlibReader, *, is_innermost: bool) -> Layer:
    layer = _read_layer(reader)
    reader.items(reader.boolean, 3)
    reader.items(reader.tensor, 3)  # gradient, cached output, gradient of the parameters
    if is_innermost:
        reader.integer()  # sample expansion factor
    return layer


def _read_layer(reader: DlibReader) -> Layer:
    name = reader.string()
    if name == "con_4":
        return _read_convolution(reader)
    if name == "affine_":
        return _read_affine(reader)
    if name == "bn_con2":
        return _read_batch_norm(reader)
    if name == "fc_2":
        return _read_fully_connected(reader)
    if name in ("max_pool_2", "avg_pool_2"):
        window, stride, padding = _pair(reader), _pair(reader), _pair(reader)
        return Pool(name[:3], window, stride, padding)
    if name == "relu_":
        return Relu()
    if name == "add_prev_":
        return AddPrevious()
    raise reader.fail(f"a layer {name!r}")


def _pair(reader: DlibReader) -> tuple[int, int]:
    return reader.size(), reader.size()


def _read_convolution(reader: DlibReader) -> Convolution:
    parameters = reader.tensor().ravel()
    filters = reader.size()
    window, stride, padding = _pair(reader), _pair(reader), _pair(reader)
    weights, bias = reader.alias(), reader.alias()
    reader.items(reader.number, 4)  # learning rates and weight decays
    if weights.shape[0] != filters or weights.shape[2:] != window or bias.size != filters:
        raise reader.fail(f"a convolution of {filters} filters {window} with weights {weights.shape}")
    return Convolution(*_split(reader, parameters, weights, bias), stride, padding)


def _read_affine(reader: DlibReader) -> Affine:
    parameters = reader.tensor().ravel()
    gamma, beta = reader.alias(), reader.alias()
    reader.integer()  # applied per channel or per value: the shapes say it already
    scale, shift = _split(reader, parameters, gamma, beta)
    return Affine(scale.ravel(), shift)


def _read_batch_norm(reader: DlibReader) -> Affine:
    """Batch normalization with its running statistics is an affine layer, as dlib's own loader makes it."""
    parameters = reader.tensor().ravel()
    gamma, beta = _split(reader, parameters, reader.alias(), reader.alias())
    reader.items(reader.tensor, 2)  # means and deviations of the last training batch
    means, variances = reader.tensor().ravel(), reader.tensor().ravel()
    reader.items(reader.integer, 2)  # updates so far, window of the statistics
    reader.items(reader.number, 4)  # learning rates and weight decays
    epsilon = reader.number()
    if not gamma.size == means.size == variances.size:
        raise reader.fail(f"batch normalization of {gamma.size} channels with {means.size} means")
    scale = gamma.ravel() / np.sqrt(variances + np.float32(epsilon))
    return Affine(scale, beta - scale * means)


def _read_fully_connected(reader: DlibReader) -> FullyConnected:
    outputs, inputs = reader.size(), reader.size()
    parameters = reader.tensor()
    reader.items(reader.alias, 2)
    has_bias = reader.integer() == 0
    reader.items(reader.number, 4)  # learning rates and weight decays
    if has_bias or parameters.size != inputs * outputs:
        raise reader.fail(f"{parameters.size} weights for {inputs} inputs and {outputs} outputs without bias")
    return FullyConnected(parameters.reshape(inputs, outputs))


def _split(
    reader: DlibReader, parameters: Float32Array, first: AliasTensor, second: AliasTensor
) -> tuple[Float32Array, Float32Array]:
    if first.size + second.size != parameters.size:
        raise reader.fail(f"{parameters.size} parameters for shapes {first.shape} and {second.shape}")
    return parameters[: first.size].reshape(first.shape), parameters[first.size :]
