"""Receptive fields against what really changes a value: the derivative of the network, with activations that never switch anything off."""

import numpy as np
import pytest
import torch

from glassnet.data.frames import frame
from glassnet.data.pixels import PixelSettings
from glassnet.errors import RecipeError
from glassnet.explain.field import effective, field
from glassnet.networks.network import build

VOTE = ["flatten", {"dense": "classes"}]
SAME = {"conv": 3, "padding": "same", "stride": 2}
BLOCK = [{"conv": 4, "padding": 1, "stride": 2}, "tanh", {"conv": 4, "padding": 1}]
LISTS = {
    "valid windows": [{"conv": 3, "activation": "sigmoid"}, {"avgpool": 2}, {"conv": 3, "kernel": [2, 3]}, *VOTE],
    "padding, stride, dilation": [
        SAME,
        {"conv": 3, "padding": 2, "dilation": 2},
        "flatten",
        "tanh",
        {"dense": "classes"},
    ],
    "residual": [{"residual": BLOCK}, {"global_pool": "avg"}, {"dense": "classes"}],
    "up again": [
        {"avgpool": 3, "stride": 2, "padding": 1, "ceil": True},
        {"conv": 2},
        {"upsample": 2, "mode": "bilinear"},
        {"upsample": 3},
        *VOTE,
    ],
    "residual of rows": [
        {"conv": 1},
        "flatten",
        {"residual": ["tanh"], "shortcut": [{"dense": 143}]},
        {"dense": "classes"},
    ],
    "decoder": [SAME, {"conv": 3, "stride": 2}, {"decoder": 2, "stride": 2}, {"conv": 2, "kernel": 1}],
}
SHAPE = (2, 15, 13)


def changing(network, x, layer, place):
    """The box of pixels that the derivative of one value reaches, and None where it reaches none."""
    x = x.clone().requires_grad_(True)
    value = network.activations(x)[layer][0][place]
    slope = torch.autograd.grad(value, x)[0][0].abs().sum(0).numpy()
    rows, columns = np.nonzero(slope.sum(1))[0], np.nonzero(slope.sum(0))[0]
    return None if not len(rows) else (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


@pytest.mark.parametrize("name", LISTS)
def test_the_box_is_exactly_what_changes_the_value(name):
    network = build(LISTS[name], SHAPE, 2, seed=3).double().eval()
    with torch.no_grad():
        for (
            parameter
        ) in network.parameters():  # positive weights cannot cancel each other, and a ReLU after them stays on
            parameter.copy_(parameter.abs() + 0.01)
    x = torch.rand(1, *SHAPE, dtype=torch.float64)
    rng = np.random.default_rng(0)
    for layer, values in network.activations(x).items():
        shape = values.shape[1:]
        corners = [tuple(0 for _ in shape), tuple(size - 1 for size in shape)]
        for place in [*corners, *(tuple(int(rng.integers(size)) for size in shape) for _ in range(6))]:
            assert field(network, layer, *place).box == changing(network, x, layer, place), (layer, place)


def test_a_flattened_value_sees_what_it_saw_before():
    network = build(LISTS["valid windows"], SHAPE, 2)
    _, height, width = network.plan[-3].after
    assert field(network, "flatten1", height * width + width + 2) == field(network, "conv2", 1, 1, 2)
    assert field(network, "dense1", 0).box == field(network, "softmax", 1).box
    assert field(network, "input", 0, 3, 4).box == (4, 3, 5, 4) and field(network, "input", 0, 3, 4).share == 1 / (
        15 * 13
    )


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_the_box_in_the_picture_itself(fit):
    network = build([{"conv": 2, "padding": "same"}, "flatten", {"dense": "classes"}], (1, 8, 8), 2)
    # 40 rows, 80 columns. crop: the middle 40 columns, five pixels for one; pad: ten for one, two rows of padding above and below.
    where = frame(40, 80, PixelSettings(8, 8, fit, "grey"))
    middle, corner = (field(network, "conv1", 0, y, x, frame=where) for y, x in ((3, 4), (0, 0)))
    assert middle.box == (3, 2, 6, 5) and corner.box == (0, 0, 2, 2)
    expected = {
        "crop": ((35, 10, 50, 25), (20, 0, 30, 10)),
        "pad": ((30, 0, 60, 30), None),
        "stretch": ((30, 10, 60, 25), (0, 0, 20, 10)),
    }[fit]
    assert middle.original == pytest.approx(expected[0])
    assert corner.original == (None if expected[1] is None else pytest.approx(expected[1]))
    assert field(network, "dense1", 1, frame=where).as_dict()["box"] == [0, 0, 8, 8]


def test_the_effective_field_lies_within_and_is_none_behind_a_relu_that_is_off():
    network = build([{"conv": 1, "activation": "relu"}, "flatten", {"dense": "classes"}], (1, 8, 8), 2)
    with torch.no_grad():
        network.steps["conv1"].weight.copy_(torch.arange(9.0).view(1, 1, 3, 3))
    network.train()
    seen = effective(network, torch.rand(1, 1, 8, 8), "conv1_relu", 0, 2, 3)
    expected = np.zeros((8, 8), np.float32)
    expected[2:5, 3:6] = np.arange(9).reshape(3, 3) / 8
    np.testing.assert_allclose(seen, expected, atol=1e-6)
    assert network.training and all(p.grad is None for p in network.parameters())
    with torch.no_grad():
        network.steps["conv1"].bias.fill_(-1000.0)
    assert not effective(network, torch.rand(1, 1, 8, 8), "conv1_relu", 0, 2, 3).any()


@pytest.mark.parametrize(
    "asked",
    [("conv1", 0, 6, 0), ("conv1", 0), ("conv1", 5, 0, 0), ("dense1", 0, 0, 0), ("dense1", 2), ("conv7", 0, 0, 0)],
)
def test_a_place_that_is_not_there_is_refused(asked):
    network = build([{"conv": 2}, "flatten", {"dense": "classes"}], (1, 8, 8), 2)
    with pytest.raises(RecipeError):
        field(network, *asked)
    with pytest.raises(RecipeError):
        effective(network, torch.rand(1, 1, 8, 8), *asked)
