"""Occlusion: the numbers of captum, the fall under each square, and every square counted while it works."""

import numpy as np
import pytest
import torch
from captum.attr import Occlusion
from tests.explain.asked import SHAPE, TASKS, asked, same_state, state

from glassnet.explain.attribution import outcome
from glassnet.explain.occlusion import occlusion
from glassnet.explain.targets import targets
from glassnet.networks.network import build
from glassnet.tasks import task


@pytest.mark.parametrize("views", ["one", "mirror"])
@pytest.mark.parametrize("name", TASKS)
def test_as_captum_says(name, views):
    case = asked(name, views=views)
    each = case.targets()[0]
    oracle = Occlusion(lambda x: outcome(case.network, each, x))
    for size, stride, fill, value in ((8, 4, "black", 0.0), (7, 5, "grey", 0.5)):
        ours = occlusion(case.network, case.x, each, size, stride, fill)
        with torch.no_grad():
            theirs = oracle.attribute(
                case.x, (3, size, size), strides=(3, stride, stride), baselines=value, perturbations_per_eval=16
            )[0, 0].numpy()
        assert ours.values == pytest.approx(theirs, rel=1e-3, abs=1e-5)
        assert ours.values.shape == SHAPE[1:] and ours.values.dtype == np.float32
        assert ours.score == pytest.approx(each.value, abs=1e-5) and ours.compared is None
        assert ("mirror image" in ours.sentence) == (views == "mirror"), "whose number it is, is said"


def test_by_hand():
    network = build(["flatten", {"dense": "classes"}], (1, 2, 4), 2)
    with torch.no_grad():
        network.steps["dense1"].weight.copy_(torch.tensor([[1.0, 2, 0, 0, 0, 0, 0, -8], [0.0] * 8]))
        network.steps["dense1"].bias.zero_()
    x = torch.ones(1, 1, 2, 4)
    outputs = network(x).detach()
    case = task("classify")
    found = targets(case, network, outputs, case.decode(outputs.numpy(), network.classes)[0])
    zero = next(each for each in found if each.name == "0")
    ours = occlusion(network, x, zero, size=2, stride=1, fill="black")
    # Squares at columns 0, 1, 2 fall by 3, 2 and −8; columns in between take the mean.
    assert ours.values.tolist() == [[3.0, 2.5, -3.0, -8.0]] * 2
    assert ours.steps == 4
    assert not occlusion(network, x, zero, 2, 1, "white").values.any(), "white on white changes nothing"


def test_every_square_is_counted_and_the_default_covers_all():
    case = asked("detect", shape=(3, 300, 400))
    told = []
    found = occlusion(
        case.network, case.x, case.targets()[0], size=100, stride=100, progress=lambda *each: told.append(each)
    )
    assert told == [(2, 12), (4, 12), (6, 12), (8, 12), (10, 12), (12, 12)] and found.steps == 13
    case = asked("classify")
    found = occlusion(case.network, case.x, case.targets()[0])
    assert "4 × 4 pixels" in found.sentence and np.isfinite(found.values).all()


def test_squares_that_leave_gaps_are_refused():
    case = asked("classify")
    each = case.targets()[0]
    for size, stride in ((4, 5), (4, 0), (0, 0)):
        with pytest.raises(ValueError, match="do not cover every pixel"):
            occlusion(case.network, case.x, each, size, stride)
    whole = occlusion(case.network, case.x, each, size=99, stride=99)
    assert np.ptp(whole.values) == 0 and whole.steps == 2


def test_the_network_and_the_picture_are_left_as_they_were():
    case = asked("instances", views="mirror")
    network = case.network.train()
    before, x = state(network), case.x.clone()
    plain = occlusion(network, case.x, case.targets()[0])
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        again = occlusion(network, case.x.clone(), case.targets()[0])
    assert np.array_equal(plain.values, again.values)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        occlusion(network, case.x, case.targets()[0], progress=stop)
    assert same_state(before, state(network)) and torch.equal(x, case.x) and torch.is_grad_enabled()
