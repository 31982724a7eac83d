from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.vision.dlib_network import (
    AddPrevious,
    Affine,
    Convolution,
    FullyConnected,
    parse_network,
    read_network,
)
from pipeline.vision.errors import ModelError
from pipeline.vision.model_files import MMOD, RESNET, model_file


def test_the_recognition_network_has_its_29_convolutions_and_14_blocks() -> None:
    network = read_network(model_file(RESNET))
    kinds = Counter(type(layer) for layer in network.layers)
    assert (kinds[Convolution], kinds[Affine], kinds[AddPrevious], kinds[FullyConnected]) == (29, 29, 14, 1)
    assert network.input.size == (150, 150)
    assert network.input.average_rgb == pytest.approx((122.782, 117.001, 104.298), abs=1e-3)


def test_the_detection_network_brings_its_window_and_suppression_settings() -> None:
    network = read_network(model_file(MMOD))
    assert network.options is not None
    assert network.options.window == (80, 80)
    assert network.options.nms_iou == pytest.approx(0.338276, abs=1e-6)
    assert network.options.nms_covered == 1.0
    assert [layer.weights.shape[0] for layer in network.layers if isinstance(layer, Convolution)] == [
        *(16, 32, 32),
        *(45, 45, 45),
        1,
    ]


def test_a_truncated_file_is_refused(mmod_bytes: bytes) -> None:
    with pytest.raises(ModelError, match=r"mmod\.dat is not a model that can be read"):
        parse_network(mmod_bytes[:-1], "mmod.dat")


def test_a_file_with_more_behind_the_last_layer_is_refused(mmod_bytes: bytes) -> None:
    with pytest.raises(ModelError, match="1 bytes left over"):
        parse_network(mmod_bytes + b"\0", "mmod.dat")


def test_a_file_that_is_not_there_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.dat cannot be read: No such file"):
        read_network(tmp_path / "none.dat")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise_anything_but_a_model_error(content: bytes) -> None:
    with pytest.raises(ModelError):
        parse_network(content, "hostile.dat")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_model_is_read_or_refused_but_never_crashes(data: st.DataObject) -> None:
    content = bytearray(model_file(MMOD).read_bytes())
    # The numbers between the weights are what a damaged file can hurt with; they lie in front of each layer.
    place = data.draw(st.one_of(st.integers(0, 180), st.integers(0, len(content) - 1)))
    content[place] = data.draw(st.integers(0, 255))
    with suppress(ModelError):
        parse_network(bytes(content[: data.draw(st.integers(place, len(content)))]), "damaged.dat")
