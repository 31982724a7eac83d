import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from pipeline.vision.arrays import Float32Array
from pipeline.vision.dlib_network import Convolution
from pipeline.vision.onnx_graph import Map, OnnxGraph

RANDOM = np.random.default_rng(0)
CHANNELS, FILTERS = 16, 32


def values(*shape: int) -> Float32Array:
    return RANDOM.standard_normal(shape).astype(np.float32)


def computed(graph: OnnxGraph, output: Map, inputs: dict[str, Float32Array]) -> Float32Array:
    declared = [helper.make_tensor_value_info(name, TensorProto.FLOAT, each.shape) for name, each in inputs.items()]
    model = graph.model("layers", declared, [helper.make_tensor_value_info(output.name, TensorProto.FLOAT, [None] * 4)])
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, inputs)[0], np.float32)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_map_is_convolved_alike_whether_its_size_is_known_or_varies(size: int, stride: int) -> None:
    layer = Convolution(values(FILTERS, CHANNELS, 3, 3), values(FILTERS), (stride, stride), (1, 1))
    picture, results = values(2, CHANNELS, size, size), []
    for value in (Map("picture", CHANNELS, size, size), Map("picture", CHANNELS)):
        graph = OnnxGraph()
        output = graph.convolution(value, layer)
        results.append(computed(graph, output, {"picture": picture}))
    assert (output.rows, output.columns) == (0, 0)
    assert np.abs(results[0] - results[1]).max() < 1e-4


def test_the_size_of_a_convolved_map_is_worked_out() -> None:
    layer = Convolution(values(FILTERS, CHANNELS, 3, 3), values(FILTERS), (2, 2), (1, 1))
    for size in (1, 3, 4, 9):
        graph = OnnxGraph()
        output = graph.convolution(Map("picture", CHANNELS, size, size), layer)
        found = computed(graph, output, {"picture": values(1, CHANNELS, size, size)})
        assert found.shape == (1, output.channels, output.rows, output.columns)


def test_a_window_that_is_not_padded_stays_whole() -> None:
    layer = Convolution(values(FILTERS, CHANNELS, 3, 3), np.zeros(FILTERS, np.float32), (1, 1), (0, 0))
    picture = values(1, CHANNELS, 3, 3)
    graph = OnnxGraph()
    output = graph.convolution(Map("picture", CHANNELS, 3, 3), layer)
    expected = np.einsum("fcij,cij->f", layer.weights, picture[0])
    assert np.abs(computed(graph, output, {"picture": picture})[0, :, 0, 0] - expected).max() < 1e-4


def test_the_smaller_map_of_a_sum_is_continued_with_zeros() -> None:
    large, small = values(2, FILTERS, 4, 4), values(2, CHANNELS, 3, 3)
    graph = OnnxGraph()
    output = graph.add(Map("large", FILTERS, 4, 4), Map("small", CHANNELS, 3, 3))
    expected = large.copy()
    expected[:, :CHANNELS, :3, :3] += small
    assert np.abs(computed(graph, output, {"large": large, "small": small}) - expected).max() < 1e-6
