"""Filters as numbers and as pictures: blue below zero, orange above, white at zero, equally dark for equal size."""

import numpy as np
import pytest
import torch

from glassnet.errors import RecipeError
from glassnet.explain.colours import signed_colours
from glassnet.explain.filters import filters
from glassnet.networks.network import build
from glassnet.networks.presets import layers_of


def test_the_numbers_are_the_layers_own():
    network = build([{"conv": 4, "kernel": [2, 3], "groups": 2}, "flatten", {"dense": "classes"}], (4, 9, 8), 2)
    found = filters(network, "conv1")
    assert np.array_equal(found.weights, network.steps["conv1"].weight.detach().numpy())
    assert np.array_equal(found.biases, network.steps["conv1"].bias.detach().numpy())
    assert found.weights.shape == (4, 2, 2, 3) and [found.first(f) for f in range(4)] == [0, 0, 2, 2]
    assert found.as_dict()["weights"] == found.weights.tolist() and found.as_dict()["shape"] == [4, 2, 2, 3]


def test_a_dense_layer_is_laid_over_the_map_that_was_flattened():
    network = build(layers_of("tutorial", (3, 20, 20), 3, 0.3), (3, 20, 20), 3)
    found = filters(network, "dense1")
    assert found.reads == "conv3_relu" and found.weights.shape == (64, 64, 1, 1)
    network = build([{"conv": 5}, "flatten", {"dropout": 0.5}, {"dense": "classes"}], (1, 6, 7), 2)
    found = filters(network, "dense1")
    assert found.reads == "conv1" and found.weights.shape == (2, 5, 4, 5)
    x = torch.rand(1, 5, 4, 5)
    by_map = (torch.from_numpy(found.weights) * x).sum((1, 2, 3)) + torch.from_numpy(found.biases)
    assert torch.allclose(by_map, network.steps["dense1"](x.flatten(1))[0], atol=1e-5)
    assert filters(build(layers_of("mini", (1, 8, 8), 2), (1, 8, 8), 2), "dense1").weights.shape == (2, 32, 1, 1)


def test_the_picture_has_a_row_per_filter_and_a_column_per_channel():
    network = build([{"conv": 3, "kernel": 2}, "flatten", {"dense": "classes"}], (2, 5, 5), 2)
    with torch.no_grad():
        network.steps["conv1"].weight.zero_()
        network.steps["conv1"].weight[1, 1, 0, 1] = -2.0
        network.steps["conv1"].weight[2, 0, 1, 0] = 2.0
    found = filters(network, "conv1")
    shown = found.picture(scale=4, gap=1)
    assert shown.shape == (3 * 9 + 1, 2 * 9 + 1, 3) and shown.dtype == np.uint8
    blue, orange = (signed_colours(np.array([v]), 2.0)[0] for v in (-2.0, 2.0))
    assert (shown[10:14, 14:18] == blue).all(), "filter 1, channel 1, upper right"
    assert (shown[23:27, 1:5] == orange).all(), "filter 2, channel 0, lower left"
    assert blue[2] > blue[0] + 60 and orange[0] > orange[2] + 60
    assert found.picture(scale=4, gap=0, filters=[2], channels=[0]).shape == (8, 8, 3)


def test_colours_are_as_strong_below_zero_as_above():
    values = np.linspace(0, 1, 11)
    above, below = (signed_colours(sign * values, 1.0).astype(float) for sign in (1, -1))
    luma = np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(above @ luma) < 0).all() and (np.diff(below @ luma) < 0).all()
    assert np.abs(above @ luma - below @ luma).max() < 20
    assert np.ptp(signed_colours(np.zeros(1))[0]) <= 1, "zero has no colour"
    assert (signed_colours(np.array([5.0, -5.0]), 1.0) == signed_colours(np.array([1.0, -1.0]), 1.0)).all()


def test_filters_that_read_the_picture_show_the_colours_they_look_for():
    network = build(
        ["standardize", {"conv": 2, "kernel": 1}, {"conv": 3}, "flatten", {"dense": "classes"}], (3, 5, 5), 2
    )
    with torch.no_grad():
        network.steps["conv1"].weight[0] = torch.tensor([2.0, 0.0, -2.0]).view(3, 1, 1)
    assert filters(network, "conv1").coloured_pictures()[0, 0, 0].tolist() == [255, 128, 0]
    assert filters(network, "conv2").coloured_pictures() is None


def test_a_layer_without_filters_and_too_large_a_picture_are_refused():
    network = build(layers_of("tutorial", (3, 32, 32), 10), (3, 32, 32), 10)
    with pytest.raises(RecipeError, match="Layers with filters: conv1, conv2, conv3, dense1, dense2"):
        filters(network, "maxpool1")
    with pytest.raises(RecipeError, match="Did you mean"):
        filters(network, "conv9")
    with pytest.raises(RecipeError, match="smaller scale"):
        filters(network, "dense1").picture(scale=30)
