from dataclasses import replace

import pytest

from pipeline.vision.dlib_network import DlibNetwork, InputImage, read_network
from pipeline.vision.errors import ModelError
from pipeline.vision.model_files import MMOD, RESNET, model_file
from pipeline.vision.resnet_graph import resnet_graph


@pytest.fixture(scope="module")
def network() -> DlibNetwork:
    return read_network(model_file(RESNET))


def test_the_detection_network_is_refused_as_an_encoder() -> None:
    with pytest.raises(ModelError, match="the network takes pictures of None, not chips of 150 x 150"):
        resnet_graph(read_network(model_file(MMOD)))


def test_a_network_cut_short_is_refused(network: DlibNetwork) -> None:
    with pytest.raises(ModelError, match="FullyConnected wanted, the end found"):
        resnet_graph(replace(network, layers=network.layers[:-1]))


def test_a_network_that_goes_on_is_refused(network: DlibNetwork) -> None:
    with pytest.raises(ModelError, match="goes on beyond its expected end with FullyConnected"):
        resnet_graph(replace(network, layers=(*network.layers, network.layers[-1])))


def test_layers_that_do_not_fit_each_other_are_refused(network: DlibNetwork) -> None:
    layers = (*network.layers[:5], network.layers[24], *network.layers[6:])
    with pytest.raises(ModelError):
        resnet_graph(replace(network, layers=layers))


def test_a_network_for_other_chips_is_refused(network: DlibNetwork) -> None:
    image = InputImage(network.input.name, network.input.average_rgb, (112, 112))
    with pytest.raises(ModelError, match=r"the network takes pictures of \(112, 112\)"):
        resnet_graph(replace(network, input=image))
