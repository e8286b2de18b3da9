"""Which pictures excite a channel most, against the network asked picture by picture."""

import numpy as np
import pytest
import torch

from glassnet.errors import RecipeError
from glassnet.explain.exciting import exciting, most_exciting
from glassnet.explain.field import field
from glassnet.explain.levels import levels
from glassnet.explain.nearest import last_features, nearest
from glassnet.explain.seen import look
from glassnet.networks.network import build

LAYERS = [
    {"conv": 6, "padding": "same", "bias": False},
    "batch_norm",
    "relu",
    {"maxpool": 2},
    {"residual": [{"conv": 8, "padding": "same"}, "relu", {"conv": 6, "padding": "same"}]},
    {"conv": 8, "activation": "relu"},
    "flatten",
    {"dense": 12, "activation": "relu"},
    {"dense": "classes"},
]


@pytest.fixture(scope="module")
def network():
    return build(LAYERS, (3, 12, 14), 4, seed=1).eval()


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (300, 12, 14, 3), np.uint8)


def asked_one_by_one(network, pixels, rows, layer, channel):
    """(value, row, flat place) of the greatest value in every picture, greatest first."""
    found = []
    for row in rows:
        x = torch.from_numpy(pixels[row : row + 1]).permute(0, 3, 1, 2).float().mul(1 / 255)
        values = look(network, x)[layer].values[channel]
        found.append((float(values.max()), int(row), int(np.argmax(values))))
    return sorted(found, key=lambda each: (-each[0], each[1]))


@pytest.mark.parametrize("layer", ["conv1", "batch_norm1", "relu1", "maxpool1", "conv2", "relu2", "conv4", "dense1"])
def test_the_strongest_pictures_and_places_are_those_of_the_network_itself(layer, network, pixels):
    rows = np.arange(1, 300, 7)
    found = exciting(network, pixels, rows, layer, [0, 3], top=5)
    assert list(found) == [0, 3]
    for channel, mine in found.items():
        true = asked_one_by_one(network, pixels, rows, layer, channel)[:5]
        true = [each for each in true if each[0] > 0 or "relu" not in layer]
        assert [each.row for each in mine] == [row for _, row, _ in true][: len(mine)] and mine
        for each, (value, _, place) in zip(mine, true, strict=False):
            assert each.value == pytest.approx(value, abs=1e-5)
            if each.y is not None:
                width = network.activations(torch.zeros(1, 3, 12, 14))[layer].shape[3]
                assert each.y * width + each.x == place
            assert each.box == field(network, layer, channel, each.y, each.x).box


def test_several_batches_give_what_one_would(network):
    pixels = np.random.default_rng(1).integers(0, 256, (900, 12, 14, 3), np.uint8)
    rows = np.arange(900)
    whole = exciting(network, pixels, rows, "conv4", [2], top=6)[2]
    parts = [
        each for at in range(0, 900, 100) for each in exciting(network, pixels, rows[at : at + 100], "conv4", [2])[2]
    ]
    assert [each.row for each in whole] == [each.row for each in sorted(parts, key=lambda each: -each.value)[:6]]


def test_a_dead_channel_is_excited_by_nothing(pixels):
    network = build([{"conv": 2}, "relu", "global_pool", {"dense": "classes"}], (3, 12, 14), 2, seed=0)
    with torch.no_grad():
        network.steps["conv1"].weight[1] = 0.0
        network.steps["conv1"].bias[1] = -1.0
    found = exciting(network, pixels, np.arange(40), "relu1", [0, 1])
    assert len(found[0]) == 9 and found[1] == []


def test_several_layers_in_one_pass_and_progress(network, pixels):
    told = []
    both = most_exciting(
        network,
        pixels,
        np.arange(300),
        {"conv1": [1], "dense1": [0, 5]},
        3,
        lambda done, total: told.append((done, total)),
    )
    assert both["dense1"] == exciting(network, pixels, np.arange(300), "dense1", [0, 5], 3)
    assert told[-1] == (300, 300)


def test_the_network_is_left_as_it_was(network, pixels):
    network.train()
    order, hooks = network.order, [len(module._forward_hooks) for module in network.modules()]
    exciting(network, pixels, [0, 1], "relu1", [0])
    assert network.training and network.order == order
    assert [len(module._forward_hooks) for module in network.modules()] == hooks
    network.eval()


@pytest.mark.parametrize(
    ("layer", "channel", "said"), [("conv11", 0, "conv1"), ("conv1", 6, "0 to 5"), ("softmax", 0, "softmax")]
)
def test_what_is_not_there_is_refused(layer, channel, said, network, pixels):
    with pytest.raises(RecipeError, match=said):
        exciting(network, pixels, [0], layer, [channel])


@pytest.mark.parametrize(
    "end", [["global_pool", {"dense": "classes"}], [{"decoder": 3, "stride": 2}, {"conv": 2, "kernel": 1}]]
)
def test_maps_inside_a_pretrained_network_are_watched_too(end, pixels, fake_timm):
    network = build([{"backbone": "fakenet"}, *end], (3, 12, 14), 2, fetch=False).eval()
    inner = "backbone1.map1"
    x = torch.from_numpy(pixels[:1]).permute(0, 3, 1, 2).float().mul(1 / 255)
    watched = [inner, "backbone1"] if inner in look(network, x).graph.nodes else ["backbone1"]
    assert [level.layer for level in levels(look(network, x))] == watched
    for layer in watched:
        found = exciting(network, pixels, np.arange(20), layer, [1], top=3)[1]
        true = asked_one_by_one(network, pixels, range(20), layer, 1)[:3]
        assert [each.row for each in found] == [row for _, row, _ in true]
        assert all(each.box == (0, 0, 14, 12) for each in found)
    assert last_features(network) == ("global_pool1" if end[0] == "global_pool" else "backbone1")
    assert nearest(network, x, pixels, range(20), 1)[0] == (0, pytest.approx(1.0))
