"""Integrated gradients: they sum to the difference of the scores, they are captum's, and they ask no more steps than needed."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from tests.explain.asked import SHAPE, TASKS, asked, same_state, state

from glassnet.errors import RecipeError
from glassnet.explain.attribution import BACKGROUNDS, outcome
from glassnet.explain.integrated import integrated
from glassnet.explain.targets import targets
from glassnet.networks.network import build
from glassnet.tasks import task


def theirs(case, each, steps, method="riemann_middle", baseline=0.0):
    found = IntegratedGradients(lambda x: outcome(case.network, each, x)).attribute(
        case.x.clone(), torch.full_like(case.x, baseline), n_steps=steps, method=method, internal_batch_size=64
    )
    return found[0].sum(0).detach().numpy()


@pytest.mark.parametrize("views", ["one", "mirror"])
@pytest.mark.parametrize("name", TASKS)
def test_as_captum_says_with_the_same_steps(name, views):
    case = asked(name, views=views)
    for each in (case.targets()[0], case.targets()[-1]):
        ours = integrated(case.network, case.x, each, "black", steps=20, tolerance=None)
        oracle = theirs(case, each, 20)
        assert ours.steps == 20 and ours.values.shape == SHAPE[1:] and ours.values.dtype == np.float32
        assert ours.values == pytest.approx(oracle, rel=1e-3, abs=2e-5 * float(np.abs(oracle).max()))


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("name", TASKS)
def test_the_sum_is_complete_within_one_percent_and_near_the_true_integral(name, activation):
    case = asked(name, activation)
    black = torch.zeros_like(case.x)
    with torch.no_grad():
        compared = {each.name: float(outcome(case.network, each, black)) for each in case.targets()}
    each = max(case.targets(), key=lambda each: abs(each.value - compared[each.name]))
    score, compared = each.value, compared[each.name]
    ours = integrated(case.network, case.x, each, "black")
    assert (ours.score, ours.compared) == pytest.approx((score, compared), abs=1e-5)
    total = float(ours.values.sum(dtype=np.float64))
    assert ours.delta == pytest.approx(total - (score - compared), abs=1e-4 * abs(score - compared) + 1e-6)
    assert abs(score - compared) > 0.01 and ours.missed <= 0.0101 and ours.steps <= 512
    true = theirs(case, each, 400, "gausslegendre")
    assert np.corrcoef(ours.values.ravel(), true.ravel())[0, 1] > 0.995
    assert np.abs(ours.values - true).max() < 0.15 * np.abs(true).max()


def test_where_few_steps_miss_more_are_added_until_it_is_complete():
    case = asked("classify")
    with torch.no_grad():
        for parameter in case.network.parameters():
            parameter.mul_(1.6)  # steeper, with kinks that two steps jump over
    outputs = case.network(case.x).detach()
    answer = case.task.decode(outputs.numpy(), case.network.classes)[0]
    each = targets(case.task, case.network, outputs, answer)[0]
    rough = integrated(case.network, case.x, each, "black", steps=2, tolerance=None)
    fine = integrated(case.network, case.x, each, "black", steps=2, tolerance=0.001)
    assert rough.missed > 0.001 >= fine.missed and fine.steps > 2
    capped = integrated(case.network, case.x, each, "black", steps=2, tolerance=1e-9, most=7)
    assert capped.steps == 7 and "more than was asked for: the steps ended at 7" in capped.sentence
    assert "more than" not in rough.sentence + fine.sentence
    for found in (rough, fine, capped):
        assert found.delta == pytest.approx(
            float(found.values.sum(dtype=np.float64)) - (found.score - found.compared), abs=1e-4
        )
    assert f"from {fine.steps} steps" in fine.sentence and each.words in fine.sentence


def test_by_hand_a_linear_network_needs_one_step():
    network = build(["flatten", {"dense": "classes"}], (1, 2, 2), 2)
    with torch.no_grad():
        network.steps["dense1"].weight.copy_(torch.tensor([[1.0, -2.0, 3.0, 4.0], [0.0] * 4]))
        network.steps["dense1"].bias.fill_(0.5)
    x = torch.tensor([[[[0.5, 1.0], [0.0, 0.25]]]])
    outputs = network(x).detach()
    case = task("classify")
    each = next(
        each
        for each in targets(case, network, outputs, case.decode(outputs.numpy(), network.classes)[0])
        if each.name == "0"
    )
    found = integrated(network, x, each, "black", steps=1)
    assert found.values.tolist() == [[0.5, -2.0], [0.0, 1.0]]
    assert (found.steps, found.delta, found.score, found.compared) == (1, 0.0, 0.0, 0.5)
    grey = integrated(network, x, each, "grey", steps=1)
    assert grey.values.tolist() == [[0.0, -1.0], [-1.5, -1.0]]
    same = integrated(network, x, each, x, steps=1)
    assert not same.values.any() and same.missed is None and "picture given" in same.sentence


@pytest.mark.parametrize("how", BACKGROUNDS)
def test_a_picture_is_compared_with_one_of_one_colour(how):
    case = asked("classify")
    x = torch.zeros_like(case.x)
    x[:, 0] = 0.75
    x[:, :, 6:18, 6:26] = torch.rand(1, 3, 12, 20, generator=torch.Generator().manual_seed(1))
    each = case.targets()[0]
    found = integrated(case.network, x, each, how, steps=4, tolerance=None)
    colour = {
        "border": [0.75, 0, 0],
        "black": [0.0] * 3,
        "white": [1.0] * 3,
        "grey": [0.5] * 3,
        "mean": x[0].mean((1, 2)).tolist(),
    }[how]
    other = torch.tensor(colour).view(1, 3, 1, 1).expand_as(x)
    with torch.no_grad():
        assert found.compared == pytest.approx(float(outcome(case.network, each, other)), abs=1e-5)
    unmoved = (x == other).all(1)[0].numpy()
    assert not found.values[unmoved].any()
    assert unmoved.any() == (how == "border")


def test_what_cannot_be_done_is_refused():
    case = asked("classify")
    each = case.targets()[0]
    with pytest.raises(RecipeError, match=r"no background 'blak'\. Did you mean 'black'"):
        integrated(case.network, case.x, each, "blak")
    with pytest.raises(ValueError, match="shape"):
        integrated(case.network, case.x, each, torch.zeros(3, 4, 4))
    with pytest.raises(ValueError, match="Between 1 and"):
        integrated(case.network, case.x, each, steps=0)


@pytest.mark.parametrize("name", ["classify", "segment"])
def test_the_network_is_left_as_it_was_whatever_surrounds_the_call(name):
    case = asked(name)
    each, network = case.targets()[0], case.network
    network.requires_grad_(False)
    network.train()
    before = state(network)
    plain = integrated(network, case.x, each, steps=4, tolerance=None)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        again = integrated(network, case.x.clone(), each, steps=4, tolerance=None)
    assert np.array_equal(plain.values, again.values)
    kept = network.steps["conv3"].weight
    network.steps["conv3"].weight = torch.nn.Parameter(kept[:, :2].detach(), requires_grad=False)
    with pytest.raises(RuntimeError):
        integrated(network, case.x, each)
    network.steps["conv3"].weight = kept
    assert same_state(before, state(network))
