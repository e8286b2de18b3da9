"""The nearest pictures in the last features, and the layers that stand for low, middle and high levels."""

import numpy as np
import pytest
import torch

from glassnet.explain.levels import levels
from glassnet.explain.nearest import last_features, nearest
from glassnet.explain.seen import look
from glassnet.networks.network import build
from glassnet.networks.presets import layers_of
from glassnet.tasks import task


def floats(pixels):
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float().mul(1 / 255)


def preset(name, shape=(3, 48, 48), classes=3, question="classify"):
    return build(layers_of(name, shape, classes, 0.0, task(question).head(classes)), shape, classes, seed=2).eval()


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (40, 48, 48, 3), np.uint8)


def test_the_last_features_are_what_the_vote_reads():
    assert last_features(preset("tutorial")) == "dense1_relu"
    own = [{"conv": 4}, "relu", "flatten", {"dropout": 0.5}, {"dense": "classes"}, {"scale": 0.5}]
    assert last_features(build(own, (3, 8, 8), 2)) == "dropout1"
    pooled = [{"conv": 4}, "relu", {"conv": 2}, "global_pool"]
    assert last_features(build(pooled, (3, 8, 8), 2)) == "relu1"
    assert last_features(build([{"conv": 2, "kernel": 8}, "flatten"], (3, 8, 8), 2)) == "flatten1"


@pytest.mark.parametrize("question", ["detect", "segment"])
def test_a_map_is_compared_in_the_deepest_map(question):
    network = preset("mini", question=question)
    assert last_features(network) == network.stages[-1].name


@pytest.mark.parametrize("question", ["classify", "detect"])
def test_cosines_are_those_of_the_features_themselves(question, pixels):
    network = preset("mini", question=question)
    layer = last_features(network)

    def features(row):
        values = look(network, floats(pixels[row : row + 1]))[layer].values.astype(np.float64)
        return values.reshape(len(values), -1).mean(1)

    rows = np.arange(0, 40, 2)
    mine = features(5)
    true = {row: float(mine @ (other := features(row)) / np.linalg.norm(mine) / np.linalg.norm(other)) for row in rows}
    found = nearest(network, floats(pixels[5:6]), pixels, rows, top=6)
    assert [each.row for each in found] == sorted(true, key=lambda row: -true[row])[:6]
    assert [each.similarity for each in found] == pytest.approx([true[each.row] for each in found], abs=1e-6)


def test_a_picture_is_nearest_to_itself_and_dead_features_are_like_nothing(pixels):
    network = preset("mini")
    assert nearest(network, floats(pixels[7:8]), pixels, range(40))[0] == (7, pytest.approx(1.0))
    own = build([{"conv": 4}, "relu", "global_pool", {"dense": "classes"}], (3, 48, 48), 2)
    with torch.no_grad():
        own.steps["conv1"].weight.zero_()
        own.steps["conv1"].bias.fill_(-1.0)
    assert [each.similarity for each in nearest(own, floats(pixels[:1]), pixels, range(4))] == [0.0] * 4
    assert nearest(own, floats(pixels[:1]), pixels, []) == []


def test_levels_go_from_low_to_high_and_show_the_strongest_channels_first(pixels):
    network = preset("tutorial")
    seen = look(network, floats(pixels[:1]))
    found = levels(seen)
    assert [level.layer for level in found] == ["conv1_relu", "conv2_relu", "conv3_relu"]
    assert [level.title.partition("-")[0] for level in found] == ["Low", "Middle", "High"]
    assert [level.sees[0] for level in found] == sorted(level.sees[0] for level in found)
    for level in found:
        strongest = [seen[level.layer].values[channel].max() for channel in level.channels]
        assert len(strongest) == 16 and strongest == sorted(strongest, reverse=True)
        assert strongest[0] == seen[level.layer].values.max()


@pytest.mark.parametrize("name", ["fast", "flowers", "mini", "resnet18"])
@pytest.mark.parametrize("question", ["classify", "segment"])
def test_every_preset_has_levels_below_its_answer(name, question, pixels):
    network = preset(name, question=question)
    network.prepare(floats(pixels[:8]))
    seen = look(network, floats(pixels[:1]))
    found = levels(seen)
    assert len({level.layer for level in found}) == (2 if name == "mini" else 3)
    assert all(len(seen[level.layer].shape) == 3 for level in found)


def test_a_network_of_one_or_no_map_has_as_many_levels():
    x = torch.rand(1, 3, 8, 8)
    one = build([{"conv": 4}, "relu", "flatten", {"dense": "classes"}], (3, 8, 8), 2)
    assert [level.layer for level in levels(look(one, x))] == ["relu1"]
    assert levels(look(build(["flatten", {"dense": "classes"}], (3, 8, 8), 2), x)) == ()
