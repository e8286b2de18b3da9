"""Networks that learn while somebody looks on: they do learn, and go on from what the page hands back to the same bits."""

import json

import numpy as np
import pytest

from glassnet.errors import NumericError, RecipeError
from glassnet.lessons import find
from glassnet.lessons.learner import Learner, fully_connected
from glassnet.lessons.points import CLASSES, SETS, draw, square

XOR = {"points": "xor", "count": 120, "noise": 0.0, "hidden": [8], "rate": 0.05, "seed": 1}


def handed_over(found):
    """What a page hands back: the state after a way through JSON."""
    return json.loads(json.dumps(found["state"], allow_nan=False))


@pytest.mark.parametrize("name", SETS)
def test_points_lie_in_the_square_half_of_each_class(name):
    found, again, held = draw(name, 100), draw(name, 100), draw(name, 100, purpose="held out")
    assert found.inputs.shape == (100, 2, 1, 1) and found.targets.sum() == 50
    assert found.inputs.min() >= 0 and found.inputs.max() <= 1
    assert np.array_equal(found.inputs, again.inputs) and not np.array_equal(found.inputs, held.inputs)


def test_the_square_is_read_row_by_row_from_its_upper_left_corner():
    first, last = square(4)[0, :, 0, 0], square(4)[-1, :, 0, 0]
    assert first.tolist() == [0.125, 0.875] and last.tolist() == [0.875, 0.125]


def test_a_hidden_layer_learns_xor_and_its_boundary_has_four_fields():
    lesson = find("playground")
    found = lesson.compute("train", {**XOR, "passes": 40})
    assert found["accuracy"] > 0.97 and found["new_accuracy"] > 0.9
    sure = np.array(found["boundary"])
    assert sure.shape == (40, 40) and ((sure >= 0) & (sure <= 1)).all()
    corners = [sure[at] > 0.5 for at in ((5, 5), (5, 34), (34, 5), (34, 34))]
    drawn = lesson.compute("examples", {"points": "xor", "noise": 0.0, "seed": 1})
    kind = {
        (x > 0.5, y > 0.5): drawn["class"][at] for at, (x, y) in enumerate(zip(drawn["x"], drawn["y"], strict=True))
    }
    assert corners == [kind[False, True], kind[True, True], kind[False, False], kind[True, False]]
    assert len(CLASSES) == 2


def test_without_a_hidden_layer_xor_is_not_learned():
    assert find("playground").compute("train", {**XOR, "hidden": [], "passes": 40})["accuracy"] < 0.85


@pytest.mark.parametrize("more", [{"optimizer": "adam"}, {"optimizer": "sgd", "dropout": 0.2}])
def test_training_goes_on_to_the_same_bits(more):
    lesson = find("playground")
    whole = lesson.compute("train", {**XOR, **more, "passes": 6})
    part = lesson.compute("train", {**XOR, **more, "passes": 2})
    rest = lesson.compute("train", {**XOR, **more, "passes": 4, "state": handed_over(part)})
    assert rest["passes"] == 6 and rest["state"] == whole["state"] and rest["boundary"] == whole["boundary"]


def test_the_neurons_are_shown_each_by_itself():
    found = find("playground").compute(
        "train", {**XOR, "hidden": [3, 2], "activation": "tanh", "passes": 1, "neurons": True}
    )
    assert [np.array(layer).shape for layer in found["neurons"]] == [(3, 16, 16), (2, 16, 16)]
    assert -1 <= np.min(found["neurons"][0]) < np.max(found["neurons"][0]) <= 1


@pytest.mark.parametrize("spoil", ["tensors", "shape", "nan", "epoch", "info", "list", "more"])
def test_a_state_that_does_not_fit_is_refused(spoil):
    lesson = find("playground")
    state = handed_over(lesson.compute("train", {**XOR, "passes": 1}))
    name = next(iter(state["tensors"]))
    if spoil == "tensors":
        del state["tensors"][name]
    elif spoil == "shape":
        state["tensors"][name] = [1.0]
    elif spoil == "nan":
        state["tensors"][name] = float("nan")
    elif spoil == "epoch":
        state["epoch"] = -1
    elif spoil == "info":
        state["info"] = {"optimizer": {"kind": "muon"}}
    elif spoil == "list":
        state = [1, 2]
    else:
        state["more"] = 1
    with pytest.raises(RecipeError, match="Start this lesson's training anew"):
        lesson.compute("train", {**XOR, "passes": 1, "state": state})


def test_few_points_and_many_neurons_are_overfitting_and_the_product_says_so():
    lesson, given = find("fitting"), {**find("fitting").examples["train"], "passes": 30, "noise": 0.45}
    first = lesson.compute("train", given)
    found = lesson.compute("train", {**given, "state": handed_over(first), "curves": first["curves"]})
    assert len(found["curves"]) == 60 and found["curves"][-1]["epoch"] == 60
    assert found["gap"] > 0.1 and found["verdict"]["kind"] == "overfitting"
    weak = lesson.compute("train", {**given, "neurons": 0, "count": 200})
    assert weak["verdict"]["kind"] == "underfitting" and weak["verdict"]["sentences"]


def test_a_network_of_one_s_own_learns_x_and_o():
    lesson, given = find("building"), {**find("building").examples["train"], "passes": 20, "rate": 0.03}
    found = lesson.compute("train", given)
    assert found["accuracy"] > 0.9 and found["new_accuracy"] > 0.8
    assert found["parameters"] == sum(
        np.size(v) for k, v in found["state"]["tensors"].items() if k.startswith("network/")
    )


def test_a_ball_rolls_into_the_valley_it_starts_in_and_momentum_carries_it_over():
    lesson = find("loss")
    caught = lesson.compute("roll", {"surface": "two valleys", "x": 1.6, "y": 0, "rate": 0.05, "steps": 300})
    assert caught["end"]["x"] > 0 and "local minimum" in caught["ended"]
    lowest = lesson.compute("surface")["lowest"]
    assert lowest["x"] < 0 and lowest["height"] < caught["end"]["height"]
    carried = lesson.compute(
        "roll", {"surface": "two valleys", "x": 1.9, "y": 0, "rate": 0.05, "steps": 400, "momentum": 0.95}
    )
    assert carried["end"]["x"] < 0 and carried["end"]["height"] == pytest.approx(lowest["height"], abs=0.01)
    assert "too large" in lesson.compute("roll", {"surface": "bowl", "rate": 3, "steps": 200})["ended"]


def test_a_step_that_leaves_all_numbers_is_said_in_words():
    learner = Learner(fully_connected([8]), draw("xor", 40), CLASSES, rate=1e38, optimizer="sgd")
    with pytest.raises(NumericError, match="smaller learning rate"):
        learner.passes(5)
