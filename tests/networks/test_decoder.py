"""A decoder over any list of layers: shapes, the order that is run, what each place sees, files, and lists of one's own."""

import pytest
import torch

from glassnet.data.pixels import PixelSettings
from glassnet.errors import RecipeError
from glassnet.networks.files import load_model, save_model
from glassnet.networks.network import build
from glassnet.networks.presets import PRESETS, layers_of
from glassnet.networks.summary import summarise

HEAD = {"kind": "map", "outputs": 7, "stride": 4}
FINE = {"kind": "map", "outputs": 6, "stride": 2}

CONV = {"conv": 5, "padding": "same", "activation": "relu"}
VOTE = [{"global_pool": "max"}, {"dense": "classes"}]
LISTS = {
    "no pooling at all": [CONV, CONV, *VOTE],
    "one pooling": [CONV, {"maxpool": 2}, CONV, *VOTE],
    "pooling first": [{"maxpool": 2}, CONV, *VOTE],
    "strides": [{**CONV, "stride": 2}, {**CONV, "stride": 2}, {**CONV, "stride": 2}, "flatten", {"dense": "classes"}],
    "a stride of three": [{**CONV, "stride": 3}, CONV, {"avgpool": 3}, CONV, *VOTE],
    "valid windows": [{"conv": 4, "kernel": 5}, {"maxpool": 2}, "relu", {"conv": 6, "kernel": 3}, {"maxpool": 2}, "relu", *VOTE],
    "residuals": [
        "standardize", CONV, {"residual": [{"conv": 8, "stride": 2, "padding": 1, "bias": False}, "batch_norm"], "activation": "relu"},
        {"residual": [{"conv": 8, "padding": "same"}]}, {"residual": [{"conv": 9, "stride": 2, "padding": 1}, "relu"]}, *VOTE,
    ],
    "the map ends in a pooling": [CONV, {"maxpool": 2}, CONV, {"maxpool": 2}, *VOTE],
    "relu after pooling, dropout, scale": [CONV, {"maxpool": 2}, "batch_norm", "leaky_relu", {"dropout": 0.3}, {"scale": 0.5}, *VOTE],
    "down and up again": [CONV, {"maxpool": 2}, CONV, {"maxpool": 2}, {**CONV, "conv": 8}, {"upsample": 2}, {**CONV, "conv": 6}, *VOTE],
    "all the way up": [CONV, {"maxpool": 2}, {**CONV, "conv": 8}, {"upsample": 2}, {**CONV, "conv": 6}, *VOTE],
    "whitened": [{"conv": 6, "initial": "whiten", "bias": False, "frozen": True, "padding": "same"}, "relu", {"maxpool": 2}, CONV, *VOTE],
}  # fmt: skip


def made(network, shape, head=HEAD, classes=3, dropout=0.0, seed=0):
    layers = layers_of(network, shape, classes, dropout, head)
    found = build(layers, shape, classes, seed=seed)
    torch.manual_seed(1)
    last = found.steps[found.plan[-1].name]
    torch.nn.init.normal_(last.weight, std=0.3)  # the map starts at zero, which would make every comparison true
    found.prepare(torch.rand(8, *shape, generator=torch.Generator().manual_seed(9)))
    found.begin(0, 0, torch.arange(3))
    return found


def pictures(shape, n=3):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(0))


SIZES = [((3, 32, 48), HEAD), ((1, 33, 47), FINE), ((3, 40, 24), FINE)]
# One size is enough for the slow one, whose list is like the others.
CASES = [(name, *case) for name in PRESETS for case in (SIZES[1:2] if name == "resnet18" else SIZES)]


@pytest.mark.parametrize(("name", "shape", "head"), CASES)
def test_every_preset_answers_for_every_place(name, shape, head):
    network = made(name, shape, head)
    network.begin(0, 0, torch.arange(2))
    y = network.train()(pictures(shape, 2))
    assert y.shape == (2, head["outputs"], -(-shape[1] // head["stride"]), -(-shape[2] // head["stride"]))
    y.square().mean().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters() if p.requires_grad)
    told = summarise(network.layers, shape, 3)
    assert told.parameters == sum(p.numel() for p in network.parameters())
    assert told.trainable == sum(p.numel() for p in network.parameters() if p.requires_grad)
    for row in told.rows:
        assert row.receptive_field[0] <= shape[1] and row.receptive_field[1] <= shape[2]


@pytest.mark.parametrize("head", [HEAD, FINE], ids=["stride 4", "stride 2"])
@pytest.mark.parametrize("name", LISTS)
def test_the_order_that_is_run_gives_the_same_bits_as_the_list(name, head):
    network, x = made(LISTS[name], (3, 33, 47), head), pictures((3, 33, 47))
    for training in (False, True):
        network.train(training)
        outcomes = []
        for as_written in (False, True):
            network.as_written = as_written
            network.zero_grad()
            y = network(x.clone())
            y.square().sum().backward()
            outcomes.append((y.detach(), [p.grad.clone() for p in network.parameters() if p.requires_grad]))
        (fast, fast_grads), (plain, plain_grads) = outcomes
        assert torch.equal(fast, plain) and fast.any()
        assert all(torch.equal(a, b) for a, b in zip(fast_grads, plain_grads, strict=True))


@pytest.mark.parametrize("name", ["fast", "pyramid", "tutorial"])
def test_presets_run_in_the_fast_order_to_the_same_bits(name):
    network, x = made(name, (3, 48, 40)).eval(), pictures((3, 48, 40))
    fast = network(x)
    network.as_written = True
    assert torch.equal(network(x), fast)


@pytest.mark.parametrize("name", LISTS)
def test_what_is_shown_of_every_step_is_what_it_made(name):
    network, x = made(LISTS[name], (3, 33, 47)).eval(), pictures((3, 33, 47))
    found = network.activations(x)
    assert set(found) == set(network.steps)
    assert torch.equal(found[network.plan[-1].name], network(x))
    for step in walked(network.plan):
        assert tuple(found[step.name].shape[1:]) == step.after, step.name
    features = network.features(x)
    assert torch.equal(network.head(features), network(x)) and torch.equal(features, found["decoder1"])
    for stage, each in zip(network.stages, network.maps(x), strict=True):
        assert tuple(each.shape[1:]) == (stage.channels, stage.height, stage.width)
        assert torch.equal(each, found[stage.name])


def walked(steps):
    for step in steps:
        yield from walked(step.inner)
        yield from walked(step.shortcut)
        yield step


@pytest.mark.parametrize("name", [*LISTS, "pyramid"])
def test_what_a_place_sees_is_what_changes_it(name):
    """Against gradients: no pixel outside of the window has any, and the window's four sides have some."""
    shape, written = (3, 33, 47), LISTS.get(name, name)
    network = made(written, shape).eval()
    for module in network.modules():  # every path open: no value at zero, no weight that cancels
        if isinstance(module, torch.nn.Conv2d) and module.weight.requires_grad:
            module.weight.data = module.weight.data.abs() + 0.01
            if module.bias is not None:
                module.bias.data.fill_(0.1)
    step = network.plan[-1]
    largest = 0
    for row, column in ((0, 0), (4, 6), (8, 11), (2, 9)):
        x = pictures(shape, 1).double().requires_grad_()
        network.double()(x)[0, 0, row, column].backward()
        seen = x.grad.abs().sum((0, 1)) > 0
        top, left, bottom, right = step.fields.window(row, column)
        outside = seen.clone()
        outside[top:bottom, left:right] = False
        assert not outside.any()
        largest = max(largest, int(seen.sum()) / ((bottom - top) * (right - left)))
    assert largest > 0.2, "the window is no wild overestimate; max poolings leave some of it out"


def test_the_nearest_repetition_is_seen_as_such():
    """A coarse value repeated twice is one value, not a mixture of two, and the window says so exactly where nothing is a maximum."""
    layers = [
        {"conv": 2, "kernel": 1},
        {"avgpool": 2},
        {"conv": 2, "kernel": 1},
        {"avgpool": 2},
        {"conv": 2, "kernel": 1},
        *VOTE,
    ]
    network = made(layers, (1, 16, 16), {"kind": "map", "outputs": 1, "stride": 1}).eval()
    level = next(step for step in walked(network.plan) if step.name == "decoder1_sum3")
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data = module.weight.data.abs() + 0.01
    for row, column in ((0, 0), (5, 7), (8, 3), (15, 15)):
        x = pictures((1, 16, 16), 1).requires_grad_()
        network.activations(x)["decoder1_sum3"][0, 0, row, column].backward()
        rows, columns = torch.nonzero(x.grad[0, 0], as_tuple=True)
        window = (rows.min().item(), columns.min().item(), rows.max().item() + 1, columns.max().item() + 1)
        assert window == level.fields.window(row, column)


def test_stages_finer_than_the_stride_are_left_out():
    shape = (3, 64, 64)
    coarse, fine = (made("pyramid", shape, head) for head in (HEAD, FINE))
    levels = [sum("lateral" in name for name in network.steps) for network in (coarse, fine)]
    assert levels[1] == levels[0] + 1 == 5


def test_of_several_maps_at_one_stride_the_last_is_read():
    network = made(LISTS["down and up again"], (3, 32, 32), FINE).eval()
    assert [(stage.stride, stage.channels) for stage in network.stages] == [(1, 5), (2, 5), (4, 8), (2, 6)]
    before = [step.before for step in walked(network.plan) if "lateral" in step.name]
    assert before == [(8, 8, 8), (6, 16, 16)], "the coarsest first, then what was made of it going up"


def test_the_last_map_is_read_even_where_it_is_finer_than_asked():
    network = made(LISTS["all the way up"], (3, 32, 32), FINE).eval()
    before = [step.before for step in walked(network.plan) if "lateral" in step.name]
    assert before == [(8, 16, 16), (6, 32, 32)]
    assert network(pictures((3, 32, 32))).shape == (3, 6, 16, 16)


@pytest.mark.parametrize("name", [*LISTS, "pyramid"])
def test_saved_and_loaded_it_answers_the_same(name, tmp_path):
    shape = (3, 33, 47)
    network, x = made(LISTS.get(name, name), shape).eval(), pictures(shape)
    save_model(tmp_path, network, task="detect", pixels=PixelSettings(33, 47, "pad"), extra={"threshold": 0.4})
    model = load_model(tmp_path)
    assert torch.equal(model.network(x), network(x)) and model.task == "detect"
    assert model.network.layers == network.layers and model.extra == {"threshold": 0.4}


def test_the_same_seed_gives_the_same_decoder_and_the_map_starts_at_nothing():
    one, two = (build(layers_of("mini", (3, 32, 32), 3, 0.0, HEAD), (3, 32, 32), 3, seed=4) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    one.prepare(pictures((3, 32, 32)))
    assert not one.eval()(pictures((3, 32, 32))).any()


def test_dropout_stands_before_the_map():
    layers = layers_of("mini", (3, 32, 32), 3, 0.4, HEAD)
    assert [next(iter(layer)) for layer in layers[-3:]] == ["conv", "dropout", "conv"]
    assert layers[-2]["dropout"] == 0.4
    network = made("mini", (3, 32, 32), HEAD, dropout=0.4)
    x = pictures((3, 32, 32))
    network.train()
    assert not torch.equal(network(x), network.eval()(x))


def own(*after, before=(CONV, {"maxpool": 2}, CONV), decoder=None):
    return [*before, decoder or {"decoder": 8, "stride": 4}, *after]


def test_a_decoder_of_ones_own_is_kept_as_written():
    written = own({"conv": 4, "padding": "same"}, "batch_norm", "relu", {"conv": 7, "kernel": 1})
    network = made(written, (3, 33, 47))
    assert [step.name for step in network.plan][-5:] == ["decoder1", "conv3", "batch_norm1", "relu1", "conv4"]
    assert network(pictures((3, 33, 47))).shape == (3, 7, 9, 12)
    again = layers_of(network.layers, (3, 33, 47), 3, 0.0, HEAD)
    assert again == network.layers, "what a run wrote into its recipe is a list of one's own"


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (own({"conv": 5, "kernel": 1}), r"reads a map of 7 channels.*\{conv: 7, kernel: 1\}"),
        (own({"conv": 7, "kernel": 1, "activation": "relu"}), "no activation"),
        (own({"conv": 7, "kernel": 1}, "relu"), "no activation"),
        (own({"conv": 7, "kernel": 1}, {"upsample": 2}), "no activation"),
        (own({"conv": 7, "kernel": 1}, decoder={"decoder": 8, "stride": 2}), r"one value per 4 pixels.*decoder: 8, stride: 4"),
        (own({"upsample": 2}, {"conv": 7, "kernel": 1}), "reads 8×8 values.*gives 16×16.*After the decoder"),
        (own({"conv": 7, "kernel": 3}), "reads 8×8 values.*gives 6×6.*padding: same"),
        (own({"maxpool": 2}, {"conv": 7, "kernel": 1}), "gives 4×4"),
        (own("standardize", {"conv": 7, "kernel": 1}), r"standardize1\) is measured.*after a decoder"),
        (own({"decoder": 8}, {"conv": 7, "kernel": 1}), "second decoder"),
        ([{"decoder": 8}, {"conv": 7, "kernel": 1}], "Put it after convolutions"),
        (own({"conv": 7, "kernel": 1}, before=(CONV, "flatten")), "before flatten"),
        ([CONV, {"residual": [{"decoder": 5, "stride": 1}]}, {"decoder": 8}, {"conv": 7, "kernel": 1}], "outside of residuals"),
        (["flatten", {"dense": 10, "activation": "relu"}, {"dense": "classes"}], "no convolution.*pyramid"),
        ([{"maxpool": 2}, "flatten", {"dense": "classes"}], "no convolution"),
        ([{**CONV, "name": "map"}, *VOTE], "map"),
        (own({"conv": 7, "kernel": 1}, {"decodr": 8}), "decoder"),
        (own({"conv": 7, "kernel": 1}, decoder={"decoder": 8, "strid": 4}), "stride"),
    ],
)  # fmt: skip
def test_lists_that_do_not_fit_are_refused_with_what_to_do(layers, said):
    with pytest.raises(RecipeError, match=said):
        build(layers_of(layers, (3, 32, 32), 3, 0.0, HEAD), (3, 32, 32), 3)


def test_a_decoder_is_nothing_to_classify_with():
    with pytest.raises(RecipeError, match="for boxes and masks"):
        layers_of(own({"conv": 3, "kernel": 1}), (3, 32, 32), 3, 0.0, {"kind": "vote", "outputs": 3})
    with pytest.raises(RecipeError, match="after a decoder the answer is a map"):
        build(own(*VOTE), (3, 32, 32), 3)
