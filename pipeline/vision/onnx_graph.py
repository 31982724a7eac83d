"""Writes the layers of a dlib network as ONNX nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from pipeline.vision.arrays import Float32Array
from pipeline.vision.dlib_network import Affine, Convolution, InputImage, Layer, Pool
from pipeline.vision.errors import ModelError

L = TypeVar("L", bound=Layer)

# The oldest versions that hold every operator used here, so that any ONNX Runtime of the last years reads the file.
OPSET = 13
IR_VERSION = 8
# Rows of a map so small that ONNX Runtime convolves it faster with zeros laid around it beforehand than with padding,
# which leaves too few places in a row to work on at once: 6 % of the encoder's time for one chip. The zeros below stay
# padding, or batches of 16 would lose 2 %.
SMALL_MAP = 4


@dataclass(frozen=True)
class Map:
    """The name of a value in the graph and its size per picture; rows and columns are 0 where they vary."""

    name: str
    channels: int
    rows: int = 0
    columns: int = 0


class LayerCursor:
    """Hands out layers from the input outward; raises ModelError where another kind of layer comes."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers: Iterator[Layer] = iter(layers)
        self._next: Layer | None = next(self._layers, None)

    def at(self, kind: type[Layer]) -> bool:
        return isinstance(self._next, kind)

    def take(self, kind: type[L]) -> L:
        layer = self._next
        if not isinstance(layer, kind):
            found = "the end" if layer is None else type(layer).__name__
            raise ModelError(f"the network is built otherwise than expected: {kind.__name__} wanted, {found} found")
        self._next = next(self._layers, None)
        return layer

    def finish(self) -> None:
        if self._next is not None:
            raise ModelError(f"the network goes on beyond its expected end with {type(self._next).__name__}")


class OnnxGraph:
    """Collects nodes and weights; every method adds one layer and returns the value that it makes."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, values: npt.NDArray[Any]) -> str:
        name = f"weights_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def planes(self, pixels: str) -> str:
        """(N, rows, columns, 3) uint8 to (N, 3, rows, columns) float32."""
        return self.node("Cast", self.node("Transpose", pixels, perm=[0, 3, 1, 2]), to=TensorProto.FLOAT)

    def convolution(self, value: Map, layer: Convolution, affine: Affine | None = None) -> Map:
        """A convolution with the affine layer behind it folded into its weights."""
        weights, bias = folded(layer, affine) if affine else (layer.weights, layer.bias)
        if weights.shape[1] != value.channels:
            raise ModelError(f"a convolution of {weights.shape[1]} channels follows a layer of {value.channels}")
        rows = _reduced(value.rows, weights.shape[2], layer.stride[0], layer.padding[0])
        columns = _reduced(value.columns, weights.shape[3], layer.stride[1], layer.padding[1])
        top, left = layer.padding
        name, pads = value.name, [top, left, top, left]
        if value.rows == value.columns == rows == columns == 1:
            # Nothing else of the window ever meets the map.
            weights, pads = weights[:, :, top : top + 1, left : left + 1], [0, 0, 0, 0]
        elif any(pads) and 0 < value.rows <= SMALL_MAP:
            name, pads = self._bordered(value, [top, left, 0, left]), [0, 0, top, 0]
        weighted = [self.constant(weights), self.constant(bias)]
        name = self.node("Conv", name, *weighted, strides=list(layer.stride), pads=pads)
        return Map(name, weights.shape[0], rows, columns)

    def pool(self, value: Map, layer: Pool) -> Map:
        operator = "MaxPool" if layer.kind == "max" else "AveragePool"
        padding = [*layer.padding, *layer.padding]
        window, stride = list(layer.window), list(layer.stride)
        name = self.node(operator, value.name, kernel_shape=window, strides=stride, pads=padding)
        rows = _reduced(value.rows, layer.window[0], layer.stride[0], layer.padding[0])
        columns = _reduced(value.columns, layer.window[1], layer.stride[1], layer.padding[1])
        return Map(name, value.channels, rows, columns)

    def relu(self, value: Map) -> Map:
        return Map(self.node("Relu", value.name), value.channels, value.rows, value.columns)

    def add(self, left: Map, right: Map) -> Map:
        """The sum of two maps as dlib's add_prev makes it: the smaller is continued with zeros in every direction."""
        channels = max(left.channels, right.channels)
        rows, columns = max(left.rows, right.rows), max(left.columns, right.columns)
        names = [self._grown(value, channels, rows, columns) for value in (left, right)]
        return Map(self.node("Add", *names), channels, rows, columns)

    def _grown(self, value: Map, channels: int, rows: int, columns: int) -> str:
        if channels > value.channels:
            identity = np.eye(channels, value.channels, dtype=np.float32)
            name = self.node("Conv", value.name, self.constant(identity[:, :, None, None]))
            value = Map(name, channels, value.rows, value.columns)
        grow = [0, 0, rows - value.rows, columns - value.columns]
        return self._bordered(value, grow) if any(grow) else value.name

    def _bordered(self, value: Map, border: list[int]) -> str:
        """The map with rows and columns of zeros around it: above, left, below, right.

        By a convolution that does nothing else: Pad would drop the blocked layout that convolutions run in, and with it
        the fusion of every sum that follows.
        """
        ones = self.constant(np.ones((value.channels, 1, 1, 1), np.float32))
        return self.node("Conv", value.name, ones, group=value.channels, pads=border)

    def model(self, name: str, inputs: list[Any], outputs: list[Any]) -> onnx.ModelProto:
        graph = helper.make_graph(self._nodes, name, inputs, outputs, self._weights)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="doorbell")
        onnx.checker.check_model(model, full_check=True)
        return model


def folded(layer: Convolution, affine: Affine) -> tuple[Float32Array, Float32Array]:
    """Weights and bias of one convolution that does the work of both layers, computed in double precision."""
    if affine.scale.size != layer.bias.size:
        raise ModelError(f"an affine layer of {affine.scale.size} channels follows {layer.bias.size} filters")
    scale = affine.scale.astype(np.float64)
    weights = layer.weights * scale[:, None, None, None]
    bias = layer.bias * scale + affine.shift
    return weights.astype(np.float32), bias.astype(np.float32)


def on_pixels(layer: Convolution, image: InputImage) -> Convolution:
    """The first convolution, made to take pixels as they are instead of (value - average) / 256."""
    if layer.padding != (0, 0):
        raise ModelError("the first convolution pads the picture, with what would no longer be its average colour")
    weights = layer.weights.astype(np.float64) / 256
    average = np.array(image.average_rgb)
    bias = layer.bias - np.einsum("fcij,c->f", weights, average)
    return replace(layer, weights=weights.astype(np.float32), bias=bias.astype(np.float32))


def _reduced(size: int, window: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - window) // stride + 1 if size else 0
