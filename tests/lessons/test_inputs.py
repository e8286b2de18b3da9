"""A page may hand over anything: the answer is a plain sentence or plain values, never a bug."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassnet.errors import GlassnetError, RecipeError
from glassnet.lessons import NAMES, find

COMPUTES = [(name, compute) for name in NAMES for compute in find(name).computes]
FIELDS = [(name, compute, field) for name, compute in COMPUTES for field in find(name).examples[compute]]

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.integers(-3, 9),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=12),
    st.lists(
        st.one_of(st.integers(-5, 300), st.floats(), st.text(max_size=3), st.lists(st.integers(-2, 300), max_size=3)),
        max_size=4,
    ),
    st.dictionaries(st.text(max_size=5), st.integers(-3, 3), max_size=2),
)


def computed(name, compute, values):
    """Return the answer or the sentence, after checking that it is one of them."""
    try:
        found = find(name).compute(compute, values)
    except GlassnetError as error:
        text = str(error)
        assert text[:1] and text.endswith((".", "?", ")")) and "Traceback" not in text and len(text) < 700, text
        return text
    json.dumps(found, allow_nan=False)
    return found


@pytest.mark.parametrize(("name", "compute", "field"), FIELDS)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=STRANGE)
def test_a_strange_value_in_any_field_gets_a_sentence_or_an_answer(name, compute, field, value):
    values = {**find(name).examples[compute], field: value}
    for heavy in ("passes", "steps"):
        if heavy in values and heavy != field:
            values[heavy] = 1
    computed(name, compute, values)


@pytest.mark.parametrize(("name", "compute"), COMPUTES)
@pytest.mark.parametrize("values", [[], "x", 3, None, {"nothing of the kind": 1}, {3: 4}], ids=repr)
def test_what_is_no_named_value_is_refused(name, compute, values):
    if values is None:
        return
    with pytest.raises(RecipeError):
        find(name).compute(compute, values)


@pytest.mark.parametrize(
    ("name", "compute", "values", "said"),
    [
        ("dense", "neuron", {"height": -1, "width": 5}, "height must be a whole number from 1 to"),
        ("dense", "neuron", {"width": 5}, "height is missing"),
        ("dense", "neuron", {"heigth": 5}, "Did you mean 'height'"),
        ("convolution", "colours", {"picture": [[1, 2], [3]], "filter": [[1]]}, "rows of picture must all be of one length"),
        ("convolution", "colours", {"picture": [[[1, 2]], [[3, 4]]], "filter": [[1]]}, "2 channels and the filter 1"),
        ("convolution", "colours", {"picture": [[1]], "filter": [[1, 2], [3, 4]]}, "does not fit"),
        ("pixels", "look", {"picture": [[300]]}, "whole numbers from 0"),
        ("pixels", "look", {"picture": "cat"}, "Known: xo"),
        ("tensors", "reshape", {"shape": [2, 3], "to": [4, 2]}, "6 values do not fit"),
        ("tensors", "broadcast", {"first": [4, 5], "second": [4]}, "do not go together"),
        ("tensors", "index", {"shape": [2, 3], "index": [2]}, "Axis 0 has places 0 to 1"),
        ("vote", "vote", {"values": [1, 2], "listens": {"a": [3], "b": [1]}}, "places must hold numbers from 1 to 2"),
        ("augmentation", "vary", {"augment": {"rotate": 999}}, "augment.rotate"),
        ("tasks", "overlap", {"first": [5, 0, 1, 4], "second": [0, 0, 1, 1]}, "x2 right of x1"),
        ("precision", "curve", {"shares": [0.1, 0.2], "positive": [1, 1]}, "both kinds"),
        ("playground", "train", {"points": "xor", "count": 400, "batch": 1, "passes": 50}, "20,000 steps; at most 1,500"),
        ("building", "train", {"layers": ["flatten", {"dense": 4000}, {"dense": "classes"}], "side": 32}, "parameters; up to"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_would_fit(name, compute, values, said):
    with pytest.raises(RecipeError) as caught:
        find(name).compute(compute, values)
    assert said in str(caught.value)


def test_layers_that_do_not_fit_are_an_answer_while_one_builds():
    found = find("building").compute(
        "check", {"layers": [{"conv": 8, "kernel": 7}, "flatten"], "height": 5, "width": 5}
    )
    assert not found["fits"] and "conv" in found["error"] and found["rows"] == []
