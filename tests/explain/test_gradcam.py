"""Grad-CAM: the numbers of captum at every layer and for every task, laid where the layer looks, and the network left as it was."""

import json

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from tests.explain.asked import SHAPE, TASKS, asked, network_of, picture, same_state, state

from glassnet.errors import RecipeError
from glassnet.explain.field import field
from glassnet.explain.gradcam import gradcam, laid_over, last_map, middles
from glassnet.explain.targets import targets
from glassnet.networks.network import build
from glassnet.networks.presets import PRESETS, layers_of
from glassnet.networks.summary import summarise
from glassnet.tasks import task


@pytest.mark.parametrize("name", TASKS)
def test_every_layer_is_as_captum_says(name):
    case = asked(name)
    case.network.as_written = True  # captum's hooks then see what the list says
    for each in case.targets()[:2]:
        for step in case.network.plan:
            # What captum hooks is overwritten by the activation after it, unless it is one.
            if len(step.after) != 3 or step.kind not in ("relu", "maxpool", "standardize", "decoder"):
                continue
            ours = gradcam(case.network, case.x, each, step.name)
            oracle = LayerGradCam(lambda x, each=each: each(case.network(x)), case.network.steps[step.name])
            theirs = oracle.attribute(case.x.clone())[0, 0].detach().numpy()
            assert ours.map == pytest.approx(theirs, rel=1e-4, abs=1e-5 * float(np.abs(theirs).max())), step.name
            assert ours.values.shape == SHAPE[1:] and ours.values.dtype == np.float32 and ours.layer == step.name


@pytest.mark.parametrize("name", TASKS)
def test_the_default_is_the_deepest_map_and_there_is_something_in_it(name):
    case = asked(name)
    each = case.targets()[0]
    found = gradcam(case.network, case.x, each)
    assert found.layer == "conv3_relu" == last_map(case.network)
    assert found.score == pytest.approx(each.value, abs=1e-5)
    assert np.ptp(found.values) > 0 and found.compared is None and found.delta is None
    assert each.words in found.sentence and "conv3_relu" in found.sentence
    plain = json.loads(json.dumps(found.as_dict()))
    assert plain["layer"] == "conv3_relu" and "values" not in plain


def test_by_hand_the_sign_stays():
    network = build([{"conv": 2, "kernel": 1}, "flatten", {"dense": "classes"}], (1, 2, 2), 2)
    with torch.no_grad():
        network.steps["conv1"].weight.copy_(torch.tensor([1.0, 2.0]).view(2, 1, 1, 1))
        network.steps["conv1"].bias.zero_()
        network.steps["dense1"].weight.copy_(torch.tensor([[4.0, 0, 0, 0, 0, 0, 0, -4], [0] * 8]))
    case = task("classify")
    x = np.array([[[[0.0, 0.25], [0.5, 1.0]]]], np.float32)
    outputs = network(torch.from_numpy(x))
    answer = case.decode(outputs.detach().numpy(), network.classes)[0]
    zero = next(each for each in targets(case, network, outputs, answer) if each.name == "0")
    found = gradcam(network, x, zero, "conv1")
    # mean derivatives 4/4 and −4/4: 1 · v − 1 · 2v
    assert found.values.tolist() == [[0.0, -0.25], [-0.5, -1.0]] == found.map.tolist()


@pytest.mark.parametrize("name", TASKS)
def test_a_mirrored_answer_adds_what_both_views_say(name):
    case = asked(name, views="mirror")
    each = case.targets()[0]
    found = gradcam(case.network, case.x, each)
    assert (
        found.score == pytest.approx(each.value, abs=1e-5)
        and "mean of the picture and its mirror image" in found.sentence
    )
    network, x = case.network, case.x
    parts = []
    for flipped in (False, True):
        seen = network.activations(x.flip(3) if flipped else x)
        other = network(x if flipped else x.flip(3)).detach()
        own = seen[network.plan[-1].name]
        both = (case.task.unmirrored(own) + other) / 2 if flipped else (own + case.task.unmirrored(other)) / 2
        (slope,) = torch.autograd.grad(each(both).sum(), seen["conv3_relu"])
        cam = (slope.mean((2, 3), keepdim=True) * seen["conv3_relu"]).sum(1)[0].detach().numpy()
        values = laid_over(network, "conv3_relu", cam)
        parts.append(values[:, ::-1] if flipped else values)
    assert found.values == pytest.approx(sum(parts), rel=1e-3, abs=1e-5 * float(np.abs(parts).max()))


@pytest.mark.parametrize("head", [None, {"kind": "map", "outputs": 5, "stride": 2}], ids=["vote", "map"])
@pytest.mark.parametrize("name", PRESETS)
def test_maps_lie_where_their_fields_lie(name, head):
    shape = (3, 61, 80)
    network = build(layers_of(name, shape, 3, 0.2, head), shape, 3)
    checked = 0
    for step in network.plan:
        if len(step.after) != 3:
            continue
        (top, down), (left, across) = middles(network, step.name)
        for at, (first, pitch, side, count) in enumerate(
            [(top, down, shape[1], step.after[1]), (left, across, shape[2], step.after[2])]
        ):
            place = count // 2
            box = field(network, step.name, 0, *([place, 0] if at == 0 else [0, place])).box
            low, high = (box[1], box[3]) if at == 0 else (box[0], box[2])
            if low > 0 and high < side and head is None:  # not cut off by a border
                assert first + pitch * place == pytest.approx((low + high) / 2), step.name
                checked += 1
            assert 0 <= first + pitch * place <= side
    assert checked > 0 or head is not None


def test_after_convolutions_without_padding_the_map_is_not_stretched():
    network = build(layers_of("tutorial", (3, 32, 32), 3, 0.0), (3, 32, 32), 3)
    assert middles(network, "conv3_relu") == ((9.0, 4.0), (9.0, 4.0))
    one = np.zeros((4, 4), np.float32)
    one[0, 3] = 1.0
    values = laid_over(network, "conv3_relu", one)
    assert np.unravel_index(values.argmax(), values.shape)[0] <= 8
    assert values[8:10, 20:22].min() > 0.7 and values[13:].max() == 0 and values[:, :17].max() == 0


def test_the_picture_itself_and_full_maps_lie_as_they_are():
    _, network = network_of("classify")
    values = np.random.default_rng(0).normal(size=SHAPE[1:]).astype(np.float32)
    assert laid_over(network, "conv1_relu", values) == pytest.approx(values, abs=1e-6)


def test_a_layer_that_is_not_there_or_has_no_map_is_refused():
    case = asked("classify")
    each = case.targets()[0]
    with pytest.raises(RecipeError, match=r"no layer 'conv3_rel'\. Did you mean 'conv3_relu'"):
        gradcam(case.network, case.x, each, "conv3_rel")
    with pytest.raises(RecipeError, match="dense1 gives a row of values and no map"):
        gradcam(case.network, case.x, each, "dense1")
    with pytest.raises(RecipeError, match="has nothing to look at"):
        last_map(build(["flatten", {"dense": "classes"}], (1, 4, 4), 2))
    with pytest.raises(ValueError, match=r"\(1, 3, 24, 32\)"):
        gradcam(case.network, case.x[0], each)


@pytest.mark.parametrize("name", ["classify", "detect"])
def test_the_network_is_left_as_it_was_whatever_surrounds_the_call(name):
    case = asked(name, views="mirror")
    each, network = case.targets()[0], case.network
    network.steps["conv1"].requires_grad_(False)
    network.train()
    network.steps["conv2"].eval()
    before = state(network)
    plain = gradcam(network, case.x, each)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert np.array_equal(gradcam(network, case.x.numpy(), each).values, plain.values)
    with torch.inference_mode():
        assert np.array_equal(gradcam(network, picture(), each, "conv1_relu").values.shape, SHAPE[1:])
        assert np.array_equal(gradcam(network, picture(), each).values, plain.values)
    assert not case.x.requires_grad
    broken = network.steps["conv3"].weight
    network.steps["conv3"].weight = torch.nn.Parameter(broken[:, :2].detach())
    with pytest.raises(RuntimeError):
        gradcam(network, case.x, each)
    network.steps["conv3"].weight = broken
    assert same_state(before, state(network)) and torch.is_grad_enabled()


def test_strongest_places_are_apart_and_speak_for_it():
    case = asked("classify")
    found = gradcam(case.network, case.x, case.targets()[0], "conv1_relu")
    places = found.strongest(4)
    assert places[0][0] == found.values.max() == found.values[places[0][1:]]
    for i, (value, row, column) in enumerate(places):
        assert value > 0 and value == found.values[row, column]
        assert all(max(abs(row - y), abs(column - x)) > 3 for _, y, x in places[:i])
    assert found.colours().shape == (*SHAPE[1:], 3)
    assert found.original(case.frame).shape[0] > found.original(case.frame).shape[1], "of the upright picture"


@pytest.mark.parametrize("name", ["pyramid", "resnet18"])
def test_every_map_of_the_summary_can_be_looked_at(name):
    """Inside residuals and decoders too; and before the last convolution, by hand: the mean over all pixels is one weight per channel."""
    case, shape = task("segment"), (3, 32, 32)
    layers = layers_of(name, shape, 3, 0.2, case.head(3))
    network = build(layers, shape, ("a", "b", "c"), seed=1).eval()
    with torch.no_grad():
        network.prepare(picture(shape))
        network.steps["map"].weight.normal_(generator=torch.Generator().manual_seed(0))
        outputs = network(picture(shape))
    answer = case.decode(case.read(outputs).numpy(), network.classes)[0]
    each = targets(case, network, outputs, answer)[0]
    rows = [row for row in summarise(layers, shape, 3).rows if len(row.shape) == 3]
    assert {"decoder1_lateral1", "decoder1_sum2", "map"} <= {row.name for row in rows}
    for row in rows:
        found = gradcam(network, picture(shape), each, row.name)
        assert found.map.shape == row.shape[1:] and found.values.shape == shape[1:], row.name
        assert np.isfinite(found.values).all() and found.values.any(), row.name
    last = gradcam(network, picture(shape), each, "map_features_relu")
    seen = network.activations(picture(shape))["map_features_relu"][0].detach()
    weights = network.steps["map"].weight[each.channel, :, 0, 0].detach() / seen[0].numel()
    assert last.map == pytest.approx(torch.einsum("c,chw->hw", weights, seen).numpy(), rel=1e-3, abs=1e-6)
