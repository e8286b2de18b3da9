"""A lesson begins with the reader's own numbers: they are the network's, and its computation gives what the network gave."""

import json

import numpy as np
import pytest

from glassnet.lessons import NAMES, find


@pytest.mark.parametrize("whose", ["grey", "colour", "boxes"])
@pytest.mark.parametrize("name", NAMES)
def test_own_values_are_plain_and_fit_the_computation(name, whose, explained):
    lesson = find(name)
    own = lesson.own(explained(whose))
    assert lesson.own(None) == {} and set(own) <= set(lesson.computes)
    for compute, values in own.items():
        assert set(values) == set(lesson.examples[compute]), "the page finds the same names as in the example"
        json.dumps(lesson.compute(compute, json.loads(json.dumps(values))), allow_nan=False)


@pytest.mark.parametrize(("whose", "compute"), [("grey", "patch"), ("colour", "colours")])
def test_the_window_of_a_convolution_gives_the_network_s_strongest_answer(whose, compute, explained):
    found = explained(whose)
    conv = next(layer for layer in found.seen if layer.kind == "conv").values
    values = find("convolution").own(found)[compute]
    assert find("convolution").compute(compute, values)["result"] == pytest.approx(
        conv.flat[np.abs(conv).argmax()], abs=0.1
    )


def test_the_logits_of_the_network_give_its_answer(explained):
    found = explained("colour")
    made = find("softmax").compute("softmax", find("softmax").own(found)["softmax"])
    shares = dict(zip(made["classes"], made["shares"], strict=True))
    own = dict(zip(found.seen.classes, found.seen[found.seen.graph.vote].values, strict=True))
    assert shares == pytest.approx(own, abs=0.01)


def test_maps_before_relu_and_pooling_are_the_network_s(explained):
    found = explained("grey")
    every = {round(float(value), 2) for layer in found.seen for value in layer.values.ravel()}
    for name, compute in (("relu", "activate"), ("pooling", "pool")):
        part = find(name).own(found)[compute]["map"]
        assert {value for row in part for value in row} <= every
    assert min(value for row in find("relu").own(found)["activate"]["map"] for value in row) < 0
