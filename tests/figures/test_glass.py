"""The worked examples of the documents, opened in the glass: the terms that people write on the blackboard are the terms it shows."""

import math

import pytest
import torch
from tests.figures.published import BLUE, FEATURE_A, FILTERS, GREEN, RED, X_IMAGE

from glassnet.explain.arithmetic import arithmetic
from glassnet.explain.field import field
from glassnet.explain.filters import filters
from glassnet.explain.seen import look
from glassnet.networks.network import build
from glassnet.networks.presets import layers_of


def opened(layers, picture, weights, classes=2):
    """A network with these weights, and what it sees of a picture (C, H, W)."""
    given = torch.tensor(picture, dtype=torch.float32)[None]
    network = build(
        [*layers, *([] if layers[0] == "flatten" else ["flatten", {"dense": "classes"}])],
        tuple(given.shape[1:]),
        classes,
    )
    with torch.no_grad():
        for name, values in weights.items():
            weight = network.steps[name].weight
            weight.copy_(torch.tensor(values, dtype=torch.float32).view(weight.shape))
    return network, look(network, given)


def test_the_worked_convolution_of_three_colours_opens_into_178_180_and_117():
    network, seen = opened([{"conv": 1, "kernel": 2, "bias": False}], [RED, GREEN, BLUE], {"conv1": [FILTERS]})
    found = arithmetic(network, seen, "conv1", 0, 0, 0)
    by_colour = [sum(t.product for t in found.terms if t.channel == channel) for channel in range(3)]
    assert by_colour == [178, 180, 117] and found.result == found.own == 475
    assert [(t.value, t.weight) for t in found.terms[:4]] == [(7, 0), (91, 1), (87, 1), (221, 0)]
    assert "sum of 12 products = 475" in found.text()
    assert filters(network, "conv1").weights[0].tolist() == FILTERS


@pytest.mark.parametrize(("word", "how"), [("maxpool", "largest"), ("avgpool", "mean")])
def test_pooling_that_map_opens_into_its_four_values(word, how):
    layers = [{"conv": 1, "kernel": 2, "bias": False}, {word: 2, "stride": 1}]
    network, seen = opened(layers, [RED, GREEN, BLUE], {"conv1": [FILTERS]})
    for y in (0, 1):
        for x in (0, 1):
            found = arithmetic(network, seen, f"{word}1", 0, y, x)
            window = [arithmetic(network, seen, *term.opens).result for term in found.terms]
            assert found.how == how and len(window) == 4
            assert found.result == found.own == (max(window) if how == "largest" else sum(window) / 4)


def test_the_second_worked_convolution_is_308_and_then_its_bias():
    picture, kernel = [[0, 0, 0], [0, 156, 155], [0, 153, 154]], [[-1, -1, 1], [0, 1, -1], [0, 1, 1]]
    network, _ = opened([{"conv": 1}], [picture], {"conv1": kernel})
    with torch.no_grad():
        network.steps["conv1"].bias.fill_(1.0)
    found = arithmetic(network, look(network, torch.tensor([[picture]], dtype=torch.float32)), "conv1", 0, 0, 0)
    assert [term.product for term in found.terms] == [0, 0, 0, 0, 156, -155, 0, 153, 154]
    assert (found.total, found.bias, found.result, found.own) == (308, 1, 309, 309)


def test_x_or_o_from_the_feature_to_the_pooled_map():
    """Nine products, each plus or minus a ninth; relu; the largest of four, and of fewer at the edge."""
    layers = [{"conv": 1, "bias": False, "activation": "relu"}, {"maxpool": 2, "ceil": True}]
    network, seen = opened(layers, [X_IMAGE], {"conv1": [[v / 9 for v in row] for row in FEATURE_A]})
    whole = arithmetic(network, seen, "conv1_relu", 0, 1, 1)
    assert [round(9 * term.product) for term in whole.terms] == [1] * 9 and whole.result == pytest.approx(1.0, abs=1e-6)
    first = arithmetic(network, seen, "conv1", 0, 0, 1)
    assert sum(round(9 * term.product) for term in first.terms) == -1 and math.trunc(first.result * 100) / 100 == -0.11
    assert first.after[0].after == 0.0, "relu turns it into nothing"
    pooled = [
        [math.trunc(round(arithmetic(network, seen, "maxpool1", 0, y, x).result, 6) * 100) / 100 for x in range(4)]
        for y in range(4)
    ]
    assert pooled == [
        [1.0, 0.33, 0.55, 0.33],
        [0.33, 1.0, 0.33, 0.55],
        [0.55, 0.33, 1.0, 0.11],
        [0.33, 0.55, 0.11, 0.77],
    ]
    corner = arithmetic(network, seen, "maxpool1", 0, 3, 3)
    assert len(corner.terms) == 1 and "3 of the window's places lie beyond the map" in corner.note
    assert field(network, "maxpool1", 0, 3, 3).box == (6, 6, 9, 9)


def test_the_votes_of_x_and_o_open_into_what_they_listen_to():
    values = [0.9, 0.65, 0.45, 0.87, 0.96, 0.73, 0.23, 0.63, 0.44, 0.89, 0.94, 0.53]
    heard = {"O": (2, 3, 9, 12), "X": (1, 4, 5, 10, 11)}
    weights = [[(i in places) / len(places) for i in range(1, 13)] for places in heard.values()]
    picture = [[values[0:4], values[4:8], values[8:12]]]
    network, seen = opened(["flatten", {"dense": "classes", "bias": False}], picture, {"dense1": weights}, list(heard))
    for at, (name, sum_of, shown) in enumerate((("O", 2.07, 0.51), ("X", 4.56, 0.91))):
        found = arithmetic(network, seen, "dense1", at)
        listened = [term for term in found.terms if term.weight]
        assert tuple(term.at[0] + 1 for term in listened) == heard[name] and found.class_name == name
        assert sum(term.value for term in listened) == pytest.approx(sum_of, abs=1e-6)
        assert math.trunc(found.result * 100) / 100 == shown
        assert listened[0].opens == ("input", 0, *divmod(heard[name][0] - 1, 4))


def test_every_layer_of_the_tutorial_network_opens_into_as_many_terms_as_it_has_weights():
    network, seen = opened_tutorial()
    terms = {"conv1": 27, "maxpool1": 4, "conv2": 288, "maxpool2": 4, "conv3": 576, "dense1": 1_024, "dense2": 64}
    parameters = {"conv1": 896, "conv2": 18_496, "conv3": 36_928, "dense1": 65_600, "dense2": 650}
    for name, count in terms.items():
        found = arithmetic(network, seen, name, *(0,) * len(seen[name].shape))
        assert len(found.terms) == count and found.agrees
        if name in parameters:
            assert (count + 1) * seen[name].shape[0] == parameters[name]


def opened_tutorial():
    network = build(layers_of("tutorial", (3, 32, 32), 10), (3, 32, 32), 10)
    return network, look(network, torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
