"""The figures of the documents that the product descends from, each computed by the product's own code."""

import math

import pytest
import torch
from tests.figures.published import BLUE, FEATURE_A, FILTERS, GREEN, MAP_A, POOLED_A, RED, X_IMAGE, table

from glassnet.networks.network import build
from glassnet.networks.presets import layers_of
from glassnet.networks.summary import summarise


def maps(layers, picture, weights):
    """Run a network of these layers with given weights over one picture (C, H, W), in float64; return its activations by name."""
    picture = torch.tensor(picture, dtype=torch.float64)
    network = build([*layers, "flatten", {"dense": "classes"}], tuple(picture.shape), 2).double().eval()
    with torch.no_grad():
        for name, values in weights.items():
            network.steps[name].weight.copy_(
                torch.tensor(values, dtype=torch.float64).view(network.steps[name].weight.shape)
            )
        return {name: values[0] for name, values in network.activations(picture[None]).items()}


def truncated(values, digits=2):
    return [[math.trunc(round(v * 10**digits, 9)) / 10**digits for v in row] for row in values.tolist()]


# 1. Why not a fully connected network


@pytest.mark.parametrize(("shape", "weights"), [((3, 28, 28), 2_352), ((3, 200, 200), 120_000), ((1, 28, 28), 784)])
def test_weights_of_one_fully_connected_neuron(shape, weights):
    summary = summarise(["flatten", {"dense": "classes", "bias": False}], shape, 1)
    assert summary.parameters == weights
    assert summary["flatten1"].shape == (math.prod(shape),), "the input neurons"


def test_a_small_fully_connected_network_already_has_a_quarter_of_a_million():
    summary = summarise(["flatten", {"dense": 100}, {"dense": "classes"}], (1, 50, 50), 2)
    assert summary.parameters == 50 * 50 * 100 + 100 + 2 * 100 + 2 == 250_302


def test_weight_matrices_of_a_perceptron_of_eight_five_and_one():
    network = build(["flatten", {"dense": 5}, {"dense": "classes"}], (1, 2, 4), 1)
    # Weights are stored as outputs × inputs; the documents write inputs × outputs for the last and outputs × inputs for the first.
    assert tuple(network.steps["dense2"].weight.T.shape) == (5, 1)
    assert tuple(network.steps["dense1"].weight.T.shape) == (8, 5)


# 2. One convolution, worked


def test_the_worked_convolution_of_three_colours():
    by_color = maps([{"depthwise": 2, "bias": False}], [RED, GREEN, BLUE], {"depthwise1": FILTERS})["depthwise1"]
    assert by_color[:, 0, 0].tolist() == [178, 180, 117]
    whole = maps([{"conv": 1, "kernel": 2, "bias": False}], [RED, GREEN, BLUE], {"conv1": [FILTERS]})["conv1"]
    assert whole.shape == (1, 3, 3) and whole[0, 0, 0] == 475
    assert torch.equal(by_color.sum(0), whole[0])


@pytest.mark.parametrize(("word", "combine"), [("maxpool", max), ("avgpool", lambda window: sum(window) / 4)])
def test_pooling_the_three_by_three_map_gives_two_by_two(word, combine):
    found = maps(
        [{"conv": 1, "kernel": 2, "bias": False}, {word: 2, "stride": 1}], [RED, GREEN, BLUE], {"conv1": [FILTERS]}
    )
    whole, pooled = found["conv1"][0].tolist(), found[f"{word}1"][0].tolist()
    windows = [[[whole[y + dy][x + dx] for dy in (0, 1) for dx in (0, 1)] for x in (0, 1)] for y in (0, 1)]
    assert pooled == [[combine(window) for window in row] for row in windows]


def test_the_second_worked_convolution_then_adds_its_bias():
    picture, kernel = [[0, 0, 0], [0, 156, 155], [0, 153, 154]], [[-1, -1, 1], [0, 1, -1], [0, 1, 1]]
    network = build([{"conv": 1, "kernel": 3}, "flatten", {"dense": "classes"}], (1, 3, 3), 2).double()
    with torch.no_grad():
        network.steps["conv1"].weight.copy_(torch.tensor(kernel, dtype=torch.float64).view(1, 1, 3, 3))
        x = torch.tensor(picture, dtype=torch.float64)[None, None]
        assert network.steps["conv1"](x).item() == 308
        network.steps["conv1"].bias.fill_(1.0)
        assert network.steps["conv1"](x).item() == 309


def test_a_diagonal_filter_fires_on_diagonals_and_with_negative_weights_on_isolated_ones_only():
    diagonal, block = (
        [[[0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]],
        [[[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]],
    )
    layers = [{"conv": 1, "kernel": 2, "bias": False}]

    def strongest(picture, kernel):
        return maps(layers, picture, {"conv1": kernel})["conv1"].max().item()

    plain, picky = [[0, 1], [1, 0]], [[-1, 1], [1, -1]]
    assert (strongest(diagonal, plain), strongest(block, plain)) == (2, 2)
    assert (strongest(diagonal, picky), strongest(block, picky)) == (2, 1)


# 3. X or O


def matching(feature, activation=None, pool=False):
    """Product sum divided by nine: a convolution whose weights are the feature's over nine."""
    layers = [{"conv": 1, "bias": False, **({"activation": activation} if activation else {})}]
    layers += [{"maxpool": 2, "ceil": True}] if pool else []
    return maps(layers, [X_IMAGE], {"conv1": [[v / 9 for v in row] for row in feature]})


def test_the_picture_is_the_documents_x():
    ones = {(y, x) for y, row in enumerate(X_IMAGE) for x, v in enumerate(row) if v == 1}
    assert ones == {
        (1, 1),
        (1, 7),
        (2, 2),
        (2, 6),
        (3, 3),
        (3, 5),
        (4, 4),
        (5, 3),
        (5, 5),
        (6, 2),
        (6, 6),
        (7, 1),
        (7, 7),
    }


def test_the_map_of_feature_a():
    assert truncated(matching(FEATURE_A)["conv1"][0]) == table(MAP_A)


def test_each_feature_finds_itself():
    small_x, feature_c = [[1, -1, 1], [-1, 1, -1], [1, -1, 1]], [[-1, -1, 1], [-1, 1, -1], [1, -1, -1]]
    assert matching(small_x)["conv1"][0, 3, 3].item() == pytest.approx(1.0, abs=1e-12)
    # The X is its own mirror image, and so the map of the mirrored feature is the mirrored map.
    assert truncated(matching(feature_c)["conv1"][0]) == [row[::-1] for row in table(MAP_A)]


def test_relu_turns_every_negative_into_zero():
    found = matching(FEATURE_A, "relu")
    assert truncated(found["conv1_relu"][0]) == [[max(v, 0.0) for v in row] for row in table(MAP_A)]


def test_max_pooling_counts_incomplete_windows_at_the_edge():
    found = matching(FEATURE_A, "relu", pool=True)
    assert found["maxpool1"].shape == (1, 4, 4)
    assert truncated(found["maxpool1"][0]) == table(POOLED_A)


def test_the_vote_is_for_x():
    values = [0.9, 0.65, 0.45, 0.87, 0.96, 0.73, 0.23, 0.63, 0.44, 0.89, 0.94, 0.53]
    x_hears, o_hears = (1, 4, 5, 10, 11), (2, 3, 9, 12)
    network = build(["flatten", {"dense": "classes", "bias": False}], (1, 3, 4), ["O", "X"]).double()
    with torch.no_grad():
        weights = [[(i in heard) / len(heard) for i in range(1, 13)] for heard in (o_hears, x_hears)]
        network.steps["dense1"].weight.copy_(torch.tensor(weights, dtype=torch.float64))
        o, x = network(torch.tensor(values, dtype=torch.float64).view(1, 1, 3, 4))[0].tolist()
    assert x * 5 == pytest.approx(4.56, abs=1e-12) and o * 4 == pytest.approx(2.07, abs=1e-12)
    assert (math.trunc(x * 100) / 100, math.trunc(o * 100) / 100) == (0.91, 0.51)
    assert network.classes[[o, x].index(max(o, x))] == "X"


# 4. The tutorial network


def test_the_tutorial_networks_table():
    summary = summarise(layers_of("tutorial", (3, 32, 32), 10), (3, 32, 32), 10)
    shown = [(row.name, row.output, row.parameters) for row in summary.rows if row.kind != "relu"]
    assert shown == [
        ("conv1", "30×30×32", 896),
        ("maxpool1", "15×15×32", 0),
        ("conv2", "13×13×64", 18_496),
        ("maxpool2", "6×6×64", 0),
        ("conv3", "4×4×64", 36_928),
        ("flatten1", "1,024", 0),
        ("dense1", "64", 65_600),
        ("dense2", "10", 650),
    ]
    assert summary.parameters == summary.trainable == 122_570
    assert (
        sum(p.numel() for p in build(layers_of("tutorial", (3, 32, 32), 10), (3, 32, 32), 10).parameters()) == 122_570
    )
    assert round(2 * summary.multiply_adds / 1e6, 1) == 9.1, "million operations forward, as measured"


# 5. The flower network


@pytest.mark.parametrize(("height", "width", "classes", "parameters"), [(180, 180, 5, 3_989_285), (64, 48, 3, None)])
def test_the_flower_network_takes_any_size_and_number_of_classes(height, width, classes, parameters):
    summary = summarise(layers_of("flowers", (3, height, width), classes), (3, height, width), classes)
    flat = (height // 8) * (width // 8) * 64
    assert summary["flatten1"].shape == (flat,)
    assert [row.output for row in summary.rows if row.kind == "conv"] == [
        f"{height}×{width}×16", f"{height // 2}×{width // 2}×32", f"{height // 4}×{width // 4}×64",
    ]  # fmt: skip
    counted = 448 + 4_640 + 18_496 + flat * 128 + 128 + 128 * classes + classes
    assert summary.parameters == (parameters or counted) == counted
