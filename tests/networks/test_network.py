import pytest
import torch
from torch import nn

from glassnet.errors import RecipeError
from glassnet.networks.modules import WHITEN_EPS
from glassnet.networks.network import build
from glassnet.networks.presets import PRESETS, layers_of
from glassnet.networks.summary import summarise

TUTORIAL = layers_of("tutorial", (3, 32, 32), 10)


def pictures(n=4, shape=(3, 16, 16), seed=0):
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(seed))


def ready(layers, shape=(3, 16, 16), classes=4, **options):
    network = build(layers, shape, classes, **options)
    network.prepare(pictures(16, shape, seed=9))
    network.begin(0, 0, torch.arange(4))
    return network


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    first, again, other = (build(TUTORIAL, (3, 32, 32), 10, seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["steps.conv1.weight"], other["steps.conv1.weight"])


def test_torchs_own_random_state_has_no_part_in_it():
    torch.manual_seed(1)
    first = build(TUTORIAL, (3, 32, 32), 10, seed=3)
    torch.manual_seed(2)
    second = build(TUTORIAL, (3, 32, 32), 10, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_adding_a_layer_changes_no_other_layers_weights():
    before = build([{"conv": 4}, {"conv": 4}, "flatten", {"dense": "classes"}], (3, 16, 16), 4, seed=1)
    after = build(
        [{"conv": 4}, "batch_norm", {"conv": 4}, {"conv": 4, "padding": "same"}, "flatten", {"dense": "classes"}],
        (3, 16, 16),
        4,
        seed=1,
    )
    for name in ("conv1", "conv2", "dense1"):
        assert torch.equal(before.steps[name].weight, after.steps[name].weight), name


@pytest.mark.parametrize(("initial", "bound"), [("glorot", (6 / (288 + 576)) ** 0.5), ("he", None)])
def test_starts_have_the_published_spread(initial, bound):
    weight = (
        build([{"conv": 32}, {"conv": 64}, "flatten", {"dense": "classes"}], (3, 12, 12), 3, initial=initial)
        .steps["conv2"]
        .weight
    )
    n = weight.numel()
    if bound:  # uniform: nothing outside, and the extremes of 18,432 draws come within a thousandth
        assert weight.abs().max() <= bound < 1.001 * weight.abs().max()
        expected = bound / 3**0.5
    else:
        expected = (2 / 288) ** 0.5
    assert abs(weight.std().item() / expected - 1) < 4 / (2 * n) ** 0.5
    assert all(
        not step.bias.any()
        for step in build(TUTORIAL, (3, 32, 32), 10).steps.children()
        if getattr(step, "bias", None) is not None
    )


def test_identity_and_unit_starts():
    network = build(
        [
            {"conv": 5, "padding": "same", "initial": "identity", "bias": False},
            "flatten",
            {"dense": 200, "initial": "unit"},
            {"dense": "classes", "initial": "zero"},
        ],
        (3, 16, 16),
        4,
    )
    x = pictures()
    assert torch.equal(network.features(x)[:, :3], x)
    assert abs(network.steps["dense1"].weight.std().item() - 1) < 4 / (2 * 200 * 1280) ** 0.5
    assert not network(x).any()


def test_the_order_that_is_run_gives_the_same_bits_as_the_list(every_word):
    for layers, shape in (
        (every_word, (3, 16, 16)),
        (TUTORIAL, (3, 32, 32)),
        (layers_of("resnet18", (3, 16, 16), 4), (3, 16, 16)),
    ):
        network = ready(layers, shape, 4)
        x = pictures(4, shape)
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
            assert torch.equal(fast, plain)
            assert all(torch.equal(a, b) for a, b in zip(fast_grads, plain_grads, strict=True))


def test_pooling_is_run_before_relu_but_shown_as_written():
    network = build(TUTORIAL, (3, 32, 32), 10)
    run = [action.step.name for action in (*network._body, *network._head)]
    assert run[:4] == ["conv1", "maxpool1", "conv1_relu", "conv2"]
    assert (
        list(network.steps)[:4]
        == ["conv1", "conv1_relu", "maxpool1", "conv2"]
        == list(network.activations(torch.rand(1, 3, 32, 32)))[:4]
    )


def test_activations_are_what_each_step_made_and_stay_true(every_word):
    network = ready(every_word).eval()
    x = pictures()
    kept = x.clone()
    found = network.activations(x)
    assert torch.equal(x, kept)
    assert torch.equal(found["scale1"], network(x))
    assert torch.equal(found["conv2_leaky_relu"], nn.functional.leaky_relu(found["conv2"]))
    assert torch.equal(found["residual1_relu"], found["residual1"].relu())
    assert torch.equal(found["residual2"], found["tanh1"] + found["residual1_relu"])
    assert (found["conv1"] < 0).any() and (found["conv2"] < 0).any()


def test_features_then_head_is_forward(every_word):
    for layers in (every_word, TUTORIAL):
        shape = (3, 32, 32) if layers is TUTORIAL else (3, 16, 16)
        network = ready(layers, shape).eval()
        x = pictures(4, shape)
        features = network.features(x)
        assert features.ndim == 4
        assert torch.equal(network.head(features), network(x))


def test_stages_name_the_last_map_at_each_stride():
    network = build(TUTORIAL, (3, 32, 32), 10)
    assert [(s.name, s.stride, s.channels) for s in network.stages] == [
        ("conv1_relu", 1, 32),
        ("conv2_relu", 2, 64),
        ("conv3_relu", 4, 64),
    ]
    maps = network.maps(torch.rand(2, 3, 32, 32))
    assert [tuple(m.shape[1:]) for m in maps] == [(32, 30, 30), (64, 13, 13), (64, 4, 4)]
    large = ready(layers_of("resnet18", (3, 64, 64), 4), (3, 64, 64)).eval()
    assert [(s.stride, s.channels) for s in large.stages] == [(1, 3), (2, 64), (4, 64), (8, 128), (16, 256), (32, 512)]


def test_maps_are_not_overwritten_and_can_be_learned_from(every_word):
    network = ready(every_word).train()
    x = pictures()
    maps = network.maps(x)
    found = network.activations(x)
    for stage, m in zip(network.stages, maps, strict=True):
        assert m.shape == found[stage.name].shape
    sum(m.sum() for m in maps).backward()
    network.eval()
    found = network.activations(x)
    assert all(torch.equal(m, found[s.name]) for s, m in zip(network.stages, network.maps(x), strict=True))


def test_a_network_without_maps_has_the_picture_as_its_features():
    network = build(["flatten", {"dense": 8, "activation": "relu"}, {"dense": "classes"}], (1, 4, 4), 2)
    x = torch.rand(3, 1, 4, 4)
    assert torch.equal(network.features(x), x) and network(x).shape == (3, 2)
    assert network.stages == () and network.maps(x) == []


def test_an_activation_first_leaves_the_picture_alone():
    x = torch.randn(2, 3, 4, 4)
    kept = x.clone()
    build(
        ["relu", {"residual": ["relu", {"conv": 3, "padding": "same"}]}, "relu", "flatten", {"dense": "classes"}],
        (3, 4, 4),
        2,
    )(x)
    assert torch.equal(x, kept)


def test_residual_is_torchs_sum():
    network = build(
        [
            {"residual": [{"conv": 6, "stride": 2, "padding": 1, "bias": False}, "batch_norm"]},
            "flatten",
            {"dense": "classes"},
        ],
        (3, 9, 9),
        2,
    ).eval()
    assert {"residual1_conv", "residual1_norm"} <= set(network.steps)
    x = torch.rand(2, 3, 9, 9)
    s = network.steps
    assert torch.equal(
        network.features(x), s["batch_norm1"](s["conv1"](x)) + s["residual1_norm"](s["residual1_conv"](x))
    )


def test_standardize_takes_the_sample_to_mean_zero_and_spread_one():
    network = build(["standardize", "flatten", {"dense": "classes"}], (3, 8, 8), 2)
    x = torch.rand(50, 3, 8, 8) * torch.tensor([0.2, 0.5, 1.0]).view(1, 3, 1, 1) + 0.1
    assert not network.ready
    network.prepare(x)
    out = network.features(x)
    assert network.ready
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-5, rtol=0)


def test_whitening_filters_are_pairs_and_make_windows_uncorrelated():
    layers = [{"conv": 54, "initial": "whiten", "bias": False, "frozen": True}, "flatten", {"dense": "classes"}]
    network = build(layers, (3, 16, 16), 2)
    smooth = nn.functional.avg_pool2d(pictures(300, (3, 20, 20)), 5, 1)
    network.prepare(smooth)
    weight = network.steps["conv1"].weight
    assert torch.equal(weight[:27], -weight[27:]) and not weight.requires_grad
    out = network.steps["conv1"](smooth)[:, :27].permute(1, 0, 2, 3).flatten(1).double()
    moments = out @ out.T / out.shape[1]
    off = moments - torch.diag(moments.diag())
    assert off.abs().max() < 1e-3
    power = 1 / weight[:27].double().flatten(1).square().sum(1) - WHITEN_EPS
    torch.testing.assert_close(moments.diag(), power / (power + WHITEN_EPS), rtol=1e-3, atol=1e-4)
    assert (power.diff() < 1e-6).all(), "the strongest direction comes first"
    assert (weight[:27].flatten(1).gather(1, weight[:27].flatten(1).abs().argmax(1, keepdim=True)) > 0).all()


def test_training_before_preparing_is_refused_and_a_checkpoint_says_it_was_done():
    layers = ["standardize", "flatten", {"dense": "classes"}]
    network = build(layers, (3, 8, 8), 2)
    with pytest.raises(RuntimeError, match=r"network\.prepare"):
        network.train()(torch.rand(2, 3, 8, 8))
    network.prepare(torch.rand(9, 3, 8, 8))
    other = build(layers, (3, 8, 8), 2)
    with torch.no_grad():  # as the engine fills a network from a checkpoint
        for name, tensor in other.state_dict().items():
            tensor.copy_(network.state_dict()[name])
    assert other.ready
    mean = other.steps["standardize1"].mean.clone()
    other.prepare(torch.zeros(9, 3, 8, 8))
    assert torch.equal(other.steps["standardize1"].mean, mean), "prepared once is prepared"


def test_rate_factors_name_parameters_that_exist(every_word):
    network = build(every_word, (3, 16, 16), 4)
    assert network.rate_factors == {"steps.batch_norm1.": 4.0}
    assert any(name.startswith("steps.batch_norm1.") for name, _ in network.named_parameters())


def test_any_name_serves_even_torchs_own():
    names = ["type", "keys", "forward", "items", "train", "weight", "steps"]
    network = build(
        [*({"conv": 2, "kernel": 1, "name": name} for name in names), "flatten", {"dense": "classes"}], (3, 4, 4), 2
    )
    assert list(network.steps)[:7] == names and network(torch.rand(1, 3, 4, 4)).shape == (1, 2)
    assert {f"steps.{name}.weight" for name in names} <= set(network.state_dict())


def test_wrong_pictures_and_classes_are_explained():
    network = build(TUTORIAL, (3, 32, 32), ("cat", "dog"))
    assert network.classes == ("cat", "dog") and network.outputs == 2
    with pytest.raises(ValueError, match=r"reads pictures of shape \(3, 32, 32\)"):
        network(torch.rand(1, 3, 28, 28))
    with pytest.raises(RecipeError, match="distinct class names"):
        build(TUTORIAL, (3, 32, 32), ("cat", "cat"))
    with pytest.raises(RecipeError, match=r"train\.initial is 'xavier'"):
        build(TUTORIAL, (3, 32, 32), 2, initial="xavier")


def test_memory_is_channels_last_through_the_network():
    network = build(layers_of("fast", (3, 32, 32), 10), (3, 32, 32), 10).eval()
    features = network.features(torch.rand(2, 3, 32, 32).to(memory_format=torch.channels_last))
    assert features.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 28, 28), (3, 48, 40), (3, 64, 64), (3, 120, 90)])
def test_every_preset_runs_and_learns_from_any_size(name, shape):
    layers = layers_of(name, shape, 3, 0.2)
    network = build(layers, shape, 3, seed=0)
    x = pictures(4, shape)
    network.prepare(x)
    network.begin(0, 0, torch.arange(4))
    loss = nn.functional.cross_entropy(network.train()(x), torch.tensor([0, 1, 2, 0]))
    loss.backward()
    assert torch.isfinite(loss) and all(
        p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters() if p.requires_grad
    )
    assert summarise(layers, shape, 3).parameters == sum(p.numel() for p in network.parameters())
