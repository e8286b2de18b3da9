"""Every value opened is the network's own. The oracle is never the glass itself: it is the forward value of the module, the derivative
that autograd finds between two layers (which must be the weights shown, at the places shown, and zero elsewhere), or a sum by hand.
"""

import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.explain.lists import BODIES, ENDINGS, EVERY_WORD, MAP, fitting, lived_in

from glassnet.errors import RecipeError
from glassnet.explain.arithmetic import arithmetic
from glassnet.explain.resizing import nearest_place
from glassnet.explain.seen import look
from glassnet.networks.layers import ACTIVATIONS
from glassnet.networks.presets import PRESETS, layers_of


def picture(shape, seed=0):
    return torch.randint(0, 256, (1, *shape), generator=torch.Generator().manual_seed(seed)) / 255


def places(layer, number, seed=0):
    """Some places of a layer: the corners of its map, and `number` at random."""
    rng = np.random.default_rng([seed, *layer.name.encode()])
    corners = {
        tuple((size - 1) * end for size, end in zip(layer.shape, ends, strict=True)) for ends in _ENDS[len(layer.shape)]
    }
    return corners | {tuple(int(rng.integers(size)) for size in layer.shape) for _ in range(number)}


_ENDS = {1: [(0,), (1,)], 3: [(0, 0, 0), (1, 1, 1), (0, 1, 0), (1, 0, 1)]}


def check_all(network, x, number=3):
    """Open values of every layer. Each is the network's own; each term holds the network's own value of where it opens."""
    seen = look(network, x)
    own = network.activations(x)
    for layer in (*seen.layers, seen.picture):
        for place in places(layer, number):
            found = arithmetic(network, seen, layer.name, *place)
            expected = own[layer.name][0][place].item() if layer.name in own else seen[layer.name].values[place].item()
            size = max(abs(expected), sum(abs(term.product) for term in found.terms), 1e-3)
            assert found.agrees, f"{layer.name} {place}: {found.text()}"
            assert abs(found.result - expected) <= 1e-4 * size, f"{layer.name} {place}: {found.text()}"
            for term in found.terms:
                if term.opens is not None:
                    name, *at = term.opens
                    assert seen[name].values[tuple(v for v in at if v is not None)] == np.float32(term.value)
    return seen


def test_every_word_and_the_vote():
    network = lived_in(EVERY_WORD, (3, 16, 16))
    seen = check_all(network, picture((3, 16, 16)), number=8)
    kinds = {layer.kind for layer in seen}
    words = {
        "standardize",
        "conv",
        "maxpool",
        "batch_norm",
        "residual",
        "depthwise",
        "upsample",
        "avgpool",
        "dropout",
        "flatten",
        "dense",
    }
    assert words | {"scale", "softmax"} | set(ACTIVATIONS) <= kinds


@pytest.mark.parametrize("head", [None, MAP], ids=["vote", "map"])
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_and_its_decoder(name, head):
    shape = (3, 32, 36) if name == "tutorial" else (3, 18, 22)
    network = lived_in(layers_of(name, shape, 4, 0.3, head), shape)
    check_all(network, picture(shape), number=1)


@settings(max_examples=160, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    body=BODIES,
    ending=ENDINGS,
    size=st.tuples(st.integers(6, 13), st.integers(6, 13)),
    first=st.sampled_from(([], [{"standardize": {}, "mean": [0.4] * 4, "std": [0.3] * 4}])),
)
def test_random_lists_of_layers(body, ending, size, first):
    shape = (4, *size)
    network = lived_in(fitting([*first, *body], ending, shape), shape)
    check_all(network, picture(shape), number=1)


# The derivative between two layers is the weights


def derivative(network, name, inputs, place):
    """What autograd finds between one output of the layer's own module and its inputs."""
    inputs = [torch.from_numpy(values.copy())[None].requires_grad_(True) for values in inputs]
    made = network.steps[name](*inputs)
    return [g[0].numpy() for g in torch.autograd.grad(made[0][place], inputs)]


LINEAR = {
    "conv": {"conv": 8, "kernel": [3, 2], "stride": [2, 1], "dilation": [1, 2], "padding": [2, 1], "groups": 2},
    "same": {"conv": 4, "kernel": 4, "padding": "same", "stride": 2},
    "depthwise": {"depthwise": 3, "multiplier": 2, "padding": 1, "stride": 2},
    "maxpool": {"maxpool": 3, "stride": 2, "padding": 1, "ceil": True},
    "avgpool": {"avgpool": [3, 2], "stride": [2, 2], "padding": [1, 1], "ceil": True},
    "bilinear": {"upsample": 3, "mode": "bilinear"},
    "nearest": {"upsample": 3},
    "average of all": {"global_pool": "avg"},
    "largest of all": {"global_pool": "max"},
}


@pytest.mark.parametrize("what", LINEAR)
def test_weights_and_places_are_those_that_autograd_finds(what):
    after = ["flatten"] if "of all" not in what else []
    network = lived_in([LINEAR[what], *after, {"dense": "classes"}], (4, 9, 7))
    seen = look(network, torch.rand(1, 4, 9, 7, generator=torch.Generator().manual_seed(3)))
    layer = seen.layers[0]
    for place in places(layer, 12):
        shown = np.zeros_like(seen.picture.values)
        found = arithmetic(network, seen, layer.name, *place)
        for term in found.terms:
            if not term.padding:
                shown[term.channel, term.y, term.x] += term.weight
        (slope,) = derivative(network, layer.name, [seen.picture.values], place)
        np.testing.assert_allclose(shown, slope, atol=2e-6)


def test_dense_and_joined_ways_have_autograds_weights_too():
    layers = [{"residual": [{"conv": 2, "padding": "same"}]}, "flatten", {"dense": "classes"}]
    network = lived_in(layers, (2, 5, 5))
    seen = look(network, torch.rand(1, 2, 5, 5))
    found = arithmetic(network, seen, "dense1", 2)
    (slope,) = derivative(network, "dense1", [seen["flatten1"].values], (2,))
    assert [term.weight for term in found.terms] == [float(v) for v in slope]
    assert [term.opens for term in found.terms] == [("residual1", *at) for at in np.ndindex(2, 5, 5)]
    found = arithmetic(network, seen, "residual1", 1, 2, 3)
    assert [(t.layer, t.channel, t.y, t.x, t.weight) for t in found.terms] == [
        ("conv1", 1, 2, 3, 1),
        ("input", 1, 2, 3, 1),
    ]


def test_the_sums_of_a_decoder_over_uneven_sizes():
    body = [{"conv": 3, "padding": "same"}, {"maxpool": 2}, {"conv": 3}, {"conv": 3, "stride": 3}]
    network = lived_in([*body, {"decoder": 2, "stride": 1}, {"conv": 4, "kernel": 1}], (1, 17, 23))
    seen = look(network, picture((1, 17, 23)))
    sums = [layer for layer in seen if layer.kind == "sum"]
    assert len(sums) == 2
    for layer in sums:
        for y, x in np.ndindex(layer.shape[1:]):
            found = arithmetic(network, seen, layer.name, 1, y, x)
            slopes = derivative(
                network, layer.name, [seen[name].values for name in seen.graph[layer.name].sources], (1, y, x)
            )
            assert [[(t.channel, t.y, t.x)] for t in found.terms] == [
                [tuple(at)] for g in slopes for at in np.argwhere(g).tolist()
            ]


def test_what_is_repeated_is_what_torch_repeats():
    for size in (1, 2, 3, 5, 7, 13, 40):
        for wanted in sorted({size, 2 * size, *(size * f for f in range(3, 65, 4)), size * 49, size + 1, 2 * size - 1}):
            made = torch.nn.functional.interpolate(torch.arange(size).float().view(1, 1, size, 1), (wanted, 1))
            assert [nearest_place(at, size, wanted) for at in range(wanted)] == made.flatten().int().tolist()


# Sums by hand


def test_a_value_is_opened_down_to_the_bytes_of_the_picture():
    network = lived_in(layers_of("tutorial", (3, 20, 20), 3), (3, 20, 20), 3)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    seen = look(network, (pixels.transpose(2, 0, 1)[None] / 255).astype(np.float32))

    def by_terms(name, *place, depth=0):
        """The value computed again from its terms alone, each opened in its turn; where nothing more opens, from the byte."""
        found = arithmetic(network, seen, name, *place)
        if found.how == "pixel":
            (term,) = found.terms
            assert term.value == pixels[place[1], place[2], place[0]]
            return term.value * term.weight
        if (
            depth == 3 and found.how == "sum"
        ):  # the whole tree has millions of leaves; below this, only along one branch
            by_terms(*next(t.opens for t in found.terms if t.opens), depth=depth + 1)
            return found.result
        values = [by_terms(*t.opens, depth=depth + 1) if t.opens and t.weight else t.value for t in found.terms]
        total = sum(v * t.weight for v, t in zip(values, found.terms, strict=True)) + (found.bias or 0.0)
        for change in found.changes:
            assert change.kind == "relu"
            total = max(total, 0.0)
        return total

    sys.setrecursionlimit(10_000)
    assert by_terms("conv2_relu", 5, 2, 3) == pytest.approx(seen["conv2_relu"][5, 2, 3], abs=1e-5)
    assert by_terms("maxpool1", 5, 2, 3) == pytest.approx(seen["maxpool1"][5, 2, 3], abs=1e-5)


def test_padding_shows_as_padding_and_counts_zero():
    network = lived_in([{"conv": 1, "padding": "same"}, "flatten", {"dense": "classes"}], (1, 4, 4))
    seen = look(network, picture((1, 4, 4)))
    found = arithmetic(network, seen, "conv1", 0, 0, 0)
    assert [term.padding for term in found.terms] == [True] * 3 + [True, False, False] * 2
    assert [(t.layer, t.value, t.product, t.opens) for t in found.terms[:2]] == [("padding", 0, 0, None)] * 2
    weight = network.steps["conv1"].weight.detach().numpy()[0, 0].astype(np.float64)
    by_hand = sum(weight[i, j] * float(seen.picture.values[0, i - 1, j - 1]) for i in (1, 2) for j in (1, 2))
    assert found.total == pytest.approx(by_hand, abs=1e-12)
    assert found.combined == pytest.approx(by_hand + network.steps["conv1"].bias.item(), abs=1e-12)
    assert [term.at for term in found.terms] == [(0, i, j) for i in range(3) for j in range(3)]


def test_normalisation_is_shown_step_by_step():
    network = lived_in([{"conv": 2, "kernel": 1}, "batch_norm", "relu", "flatten", {"dense": "classes"}], (1, 2, 2))
    seen = look(network, picture((1, 2, 2)))
    found = arithmetic(network, seen, "relu1", 1, 0, 1)
    norm = network.steps["batch_norm1"]
    mean, variance, scale, shift = (t[1].item() for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias))
    assert found.opened == "conv1" and [change.layer for change in found.changes] == ["batch_norm1", "relu1"]
    change = found.changes[0]
    assert change.numbers == {"mean": mean, "variance": variance, "eps": 1e-5, "scale": scale, "shift": shift}
    centred = found.combined - mean
    divided = centred / math.sqrt(variance + 1e-5)
    assert [line.after for line in change.lines] == pytest.approx(
        [centred, divided, divided * scale, divided * scale + shift]
    )
    assert found.result == max(change.after, 0.0)
    opened = arithmetic(network, seen, "conv1", 1, 0, 1)
    assert [change.layer for change in opened.after] == ["batch_norm1", "relu1"]
    assert opened.result == found.combined and opened.changes == ()


def test_pooling_before_relu_is_opened_in_the_order_in_which_it_is_run():
    network = lived_in(layers_of("tutorial", (3, 20, 20), 3), (3, 20, 20), 3)
    seen = look(network, picture((3, 20, 20)))
    found = arithmetic(network, seen, "maxpool1", 4, 1, 2)
    assert {term.layer for term in found.terms} == {"conv1"} and [change.layer for change in found.changes] == [
        "conv1_relu"
    ]
    assert found.combined == max(seen["conv1"].values[4, 2:4, 4:6].ravel().tolist())
    assert "before conv1_relu" in found.note
    assert "maxpool1 before conv1_relu" in arithmetic(network, seen, "conv1_relu", 4, 1, 2).note
    network.as_written = True
    found = arithmetic(network, look(network, picture((3, 20, 20))), "maxpool1", 4, 1, 2)
    assert {term.layer for term in found.terms} == {"conv1_relu"} and not found.changes and not found.note


def test_a_norm_after_flatten_has_one_set_of_numbers_per_place():
    network = lived_in(
        [{"conv": 2}, "batch_norm", "flatten", "batch_norm", "standardize", {"dense": "classes"}], (1, 5, 5)
    )
    seen = check_all(network, picture((1, 5, 5)), number=8)
    found = arithmetic(network, seen, "batch_norm2", 13)
    assert found.opened_at == (1, 1, 1) and [change.layer for change in found.changes] == ["batch_norm1", "batch_norm2"]
    assert [change.numbers["mean"] for change in found.changes] == [
        network.steps["batch_norm1"].running_mean[1].item(),
        network.steps["batch_norm2"].running_mean[13].item(),
    ]


def test_two_poolings_after_one_relu():
    layers = [{"conv": 3}, "leaky_relu", {"maxpool": 2}, {"maxpool": 2}, "flatten", {"dense": "classes"}]
    network = lived_in(layers, (1, 12, 12))
    assert network.order[:4] == ("conv1", "maxpool1", "maxpool2", "leaky_relu1")
    check_all(network, picture((1, 12, 12)), number=6)


def test_the_share_of_a_class_with_a_temperature():
    network = lived_in(layers_of("mini", (3, 8, 8), 3), (3, 8, 8), ["cat", "dog", "owl"])
    seen = look(network, picture((3, 8, 8)), temperature=2.5)
    with torch.no_grad():
        shares = torch.softmax(network(picture((3, 8, 8)))[0].double() / 2.5, 0).tolist()
    for at, name in enumerate(("cat", "dog", "owl")):
        found = arithmetic(network, seen, "softmax", at)
        assert found.result == pytest.approx(shares[at], abs=1e-6) and found.agrees
        assert found.class_name == name and f"({name})" in found.text() and "temperature 2.5" in found.note
    assert arithmetic(network, seen, "dense1", 2).class_name == "owl"


def test_a_network_whose_layers_are_called_input_and_softmax():
    layers = [{"conv": 2, "name": "input"}, "flatten", {"dense": "classes", "name": "softmax"}]
    network = lived_in(layers, (1, 5, 5))
    seen = look(network, picture((1, 5, 5)))
    assert seen.picture.name == "input2" and seen.layers[-1].name == "softmax2"
    assert arithmetic(network, seen, "input", 1, 0, 0).terms[0].opens == ("input2", 0, 0, 0)
    check_all(network, picture((1, 5, 5)))


def test_a_drawn_value_that_is_no_byte_is_shown_as_given():
    network = lived_in(layers_of("mini", (1, 8, 8), 2), (1, 8, 8), 2)
    seen = look(network, torch.full((1, 1, 8, 8), 0.1234))
    found = arithmetic(network, seen, "input", 0, 1, 1)
    assert found.how == "value" and found.result == pytest.approx(0.1234) and "no byte" in found.note


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("conv9", 0, 0, 0), "Did you mean 'conv2'"),
        (("conv1", 99, 0, 0), "channel 0 to 15"),
        (("conv1", 0, -1, 0), "row 0 to 7"),
        (("conv1", 0), "column 0 to 7"),
        (("conv1", 0, 1), "column 0 to 7"),
        (("dense1", 0, 0, 0), "value 0 to 1"),
    ],
)
def test_a_place_that_is_not_there_is_refused_with_the_places_that_are(asked, words):
    network = lived_in(layers_of("mini", (1, 8, 8), 2), (1, 8, 8), 2)
    with pytest.raises(RecipeError, match=words):
        arithmetic(network, look(network, picture((1, 8, 8))), *asked)


# What is printed


def test_the_text_shows_nine_terms_and_what_the_others_add_up_to():
    network = lived_in(layers_of("tutorial", (3, 20, 20), 3), (3, 20, 20), 3)
    seen = look(network, picture((3, 20, 20)))
    found = arithmetic(network, seen, "conv2", 7, 1, 2)
    lines = found.text().splitlines()
    assert lines[0] == "conv2, channel 7, row 1, column 2, of 7×7×64"
    assert sum("maxpool1, channel" in line for line in lines) == 9
    rest = sum(term.product for term in found.terms[9:])
    assert f"  … 279 more terms, together {rest:.6g}".replace("-", "−") in lines
    assert f"  + bias {found.bias:.6g} = {found.combined:.6g}".replace("-", "−") in lines
    assert f"network's own value {found.own:.8g}".replace("-", "−") in found.text()
    assert found.text(all=True).count("maxpool1, channel") == 288
    biggest = max(found.terms, key=lambda term: abs(term.product))
    assert f"{biggest.product:.6g}".replace("-", "−") in found.text(largest_first=True).splitlines()[2]
    assert arithmetic(network, seen, "conv1", 7, 1, 2).text().count("input, channel") == 27


def test_of_many_values_the_largest_is_shown_first():
    network = lived_in(layers_of("mini", (3, 16, 16), 3), (3, 16, 16), 3)
    found = arithmetic(network, look(network, picture((3, 16, 16))), "global_pool1", 5)
    lines = found.text().splitlines()
    assert len(found.terms) == 64 and "  … 55 more terms, none of them larger" in lines
    assert lines[2].split()[-3:] == [f"{found.result:.6g}", "1", f"{found.result:.6g}"]
    assert [(term.y, term.x) for term in found.terms] == list(np.ndindex(8, 8)), (
        "the terms themselves stay in their order"
    )


def test_the_plain_values_are_json_and_can_be_cut():
    import json

    network = lived_in(layers_of("tutorial", (3, 20, 20), 3), (3, 20, 20), 3)
    found = arithmetic(network, look(network, picture((3, 20, 20))), "conv2_relu", 7, 1, 2)
    plain = json.loads(json.dumps(found.as_dict(most=10), allow_nan=False))
    assert len(plain["terms"]) == 10 and plain["others"] == 278
    together = sum(term["product"] for term in plain["terms"]) + plain["others_together"]
    assert together == pytest.approx(plain["total"], abs=1e-12)
    assert plain["changes"][0]["kind"] == "relu" and plain["result"] == pytest.approx(plain["own"], abs=1e-6)
    assert plain["terms"][0]["opens"] == ["maxpool1", 0, 1, 2]
