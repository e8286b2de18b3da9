"""What a network saw: names as the summary shows them, values as the forward pass gives them, and the network left as it was."""

import json

import numpy as np
import pytest
import torch

from glassnet.errors import RecipeError
from glassnet.explain.arithmetic import arithmetic
from glassnet.explain.seen import look
from glassnet.networks.network import build
from glassnet.networks.presets import PRESETS, layers_of
from glassnet.networks.summary import summarise


def made(name="tutorial", shape=(3, 20, 20), classes=3):
    network = build(layers_of(name, shape, classes, 0.2), shape, classes, seed=1)
    network.prepare(torch.rand(8, *shape))
    return network


def picture(shape=(3, 20, 20), seed=0):
    return torch.rand(1, *shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("head", [None, {"kind": "map", "outputs": 5, "stride": 2}], ids=["vote", "map"])
@pytest.mark.parametrize("name", PRESETS)
def test_layers_are_those_of_the_summary_in_its_order(name, head):
    shape = (3, 24, 28)
    layers = layers_of(name, shape, 3, 0.2, head)
    network = build(layers, shape, 3)
    seen = look(network, picture(shape))
    rows = summarise(layers, shape, 3).rows
    shown = [(layer.name, layer.kind, layer.number, layer.shape) for layer in seen if layer.kind != "softmax"]
    assert shown == [(row.name, row.kind, row.number, row.shape) for row in rows]
    assert (seen.layers[-1].kind == "softmax") == (head is None)


@pytest.mark.parametrize("name", PRESETS)
def test_the_values_are_those_of_the_answer(name):
    network = made(name).eval()
    x = picture().contiguous(memory_format=torch.channels_last)
    seen = look(network, x)
    with torch.no_grad():
        assert np.array_equal(seen[network.plan[-1].name].values, network(x)[0].numpy())
    assert seen.picture.values.dtype == np.float32 and np.array_equal(seen.picture.values, x[0].numpy())


def test_range_zeros_and_shape_by_hand():
    network = build([{"conv": 2, "kernel": 1, "activation": "relu"}, "flatten", {"dense": "classes"}], (1, 2, 2), 2)
    with torch.no_grad():
        network.steps["conv1"].weight.copy_(torch.tensor([1.0, -2.0]).view(2, 1, 1, 1))
        network.steps["conv1"].bias.zero_()
    seen = look(network, np.array([[[[0.0, 0.25], [0.5, 1.0]]]], np.float32))
    assert seen["conv1"].values.tolist() == [[[0, 0.25], [0.5, 1]], [[0, -0.5], [-1, -2]]]
    assert (seen["conv1"].range, seen["conv1"].zeros, seen["conv1"].shape) == ((-2.0, 1.0), 0.25, (2, 2, 2))
    assert (seen["conv1_relu"].range, seen["conv1_relu"].zeros) == ((0.0, 1.0), 5 / 8)
    assert seen["conv1"][1, 1, 0] == -1.0
    assert ["conv1_relu", "2×2×2", "0", "1", "62", "%"] in [line.split() for line in seen.text().splitlines()]


def test_the_network_is_left_in_its_mode_and_its_running_statistics_untouched():
    network = made("mini")
    network.train()
    network.steps["batch_norm1"].eval()  # as a frozen part is
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first, again = look(network, picture()), look(network, picture())
    assert network.training and network.steps["conv1"].training and not network.steps["batch_norm1"].training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(np.array_equal(a.values, b.values) for a, b in zip(first, again, strict=True)), "no dropout in it"


def test_a_picture_of_another_shape_or_type_is_refused():
    network = made("mini")
    for wrong in (
        torch.rand(3, 20, 20),
        torch.rand(2, 3, 20, 20),
        torch.rand(1, 1, 20, 20),
        torch.zeros(1, 3, 20, 20).byte(),
    ):
        with pytest.raises(ValueError, match="one picture"):
            look(network, wrong)


def test_an_unknown_layer_is_refused_with_the_nearest():
    with pytest.raises(RecipeError, match="Did you mean 'maxpool1'"):
        look(made(), picture())["maxpol1"]


def test_plain_values_are_json_with_and_without_the_numbers():
    seen = look(made(), picture())
    short = json.loads(json.dumps(seen.as_dict(), allow_nan=False))
    conv1 = {"name": "conv1", "kind": "conv", "number": "1", "shape": [32, 18, 18]}
    assert short["layers"][0] == {**conv1, "range": list(seen["conv1"].range), "zeros": seen["conv1"].zeros}
    full = json.loads(json.dumps(seen.as_dict(values=True), allow_nan=False))
    assert full["layers"][-1]["values"] == seen["softmax"].values.tolist()


def test_the_maps_of_a_backbone_are_seen_and_what_a_decoder_reads_of_them_opens_there(fake_timm):
    layers = [{"backbone": "fakenet"}, {"decoder": 3, "stride": 2}, {"conv": 2, "kernel": 1}]
    network = build(layers, (3, 16, 16), 2, fetch=False)
    seen = look(network, picture((3, 16, 16)))
    assert [layer.name for layer in seen][:2] == ["backbone1.map1", "backbone1"]
    first = arithmetic(network, seen, "decoder1_lateral2", 1, 2, 3)
    assert {term.layer for term in first.terms} == {"backbone1.map1"} and first.agrees
    second = arithmetic(network, seen, "decoder1_lateral1", 1, 2, 3)
    assert {term.layer for term in second.terms} == {"backbone1"} and second.agrees
    end = arithmetic(network, seen, *second.terms[0].opens)
    assert end.agrees and not end.terms and "not opened further" in end.text()
    assert arithmetic(network, seen, "decoder1_sum2", 0, 1, 1).agrees
