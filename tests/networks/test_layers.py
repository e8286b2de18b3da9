import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.errors import RecipeError
from glassnet.networks import layers as L
from glassnet.recipe import read_yaml


def test_a_word_and_a_map_are_the_same_layer():
    assert (
        L.parse(["flatten", {"dense": 2}])
        == L.parse([{"flatten": {}}, {"dense": 2}])
        == L.parse([{"flatten": None}, {"dense": 2}])
    )


def test_names_count_each_kind_and_reach_into_residuals():
    inside = [{"conv": 2}, "relu"]
    parsed = L.parse([{"conv": 1}, "relu", {"residual": inside, "shortcut": [{"conv": 2}]}, {"conv": 3}])
    assert [layer.name for layer in L.walk(parsed)] == [
        "conv1",
        "relu1",
        "residual1",
        "conv2",
        "relu2",
        "conv3",
        "conv4",
    ]
    assert [layer.number for layer in L.walk(parsed)] == ["1", "2", "3", "3.1", "3.2", "3.shortcut.1", "4"]


def test_a_name_of_ones_own_is_kept_and_stepped_over():
    parsed = L.parse([{"conv": 1, "name": "conv2"}, {"conv": 2}, {"conv": 3}, {"conv": 4, "name": "last"}])
    assert [layer.name for layer in parsed] == ["conv2", "conv1", "conv3", "last"]


def test_two_layers_of_one_name_are_refused():
    with pytest.raises(RecipeError, match=r"Layer 2 is called 'a', and so is layer 1"):
        L.parse([{"conv": 1, "name": "a"}, {"conv": 1, "name": "a"}])


def test_specs_read_back_to_equal_layers_through_json(every_word):
    parsed = L.parse(every_word)
    again = L.parse(json.loads(json.dumps(L.specs(parsed))))
    assert again == parsed
    assert L.specs(again) == L.specs(parsed)


def test_scale_is_an_option_of_batch_norm_and_a_layer():
    norm, scale = L.parse([{"scale": False, "batch_norm": {}}, {"scale": 0.5}])
    assert isinstance(norm, L.BatchNorm) and norm.scale is False
    assert isinstance(scale, L.Scale) and scale.factor == 0.5


def test_yaml_as_people_write_it():
    text = "[{conv: 32, kernel: [3, 5], activation: relu}, {maxpool: 2}, batch_norm, flatten, {dropout: 0.3}, {dense: classes}]"
    conv, pool, *_ = L.parse(read_yaml(text))
    assert isinstance(conv, L.Conv) and (conv.filters, conv.kernel, conv.activation) == (32, (3, 5), "relu")
    assert isinstance(pool, L.MaxPool) and (pool.size, pool.stride) == ((2, 2), None)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("flaten", r"Layer 1: 'flaten' is no layer. Did you mean 'flatten'\?"),
        ({"conv": 8, "kernal": 3}, r"Layer 1 \(conv\) has no option 'kernal'. Did you mean 'kernel'\?"),
        ({"conv": 8, "filters": 3}, r"has no option 'filters'"),
        ({"conv": 0}, r"Layer 1 \(conv\): conv must be a whole number from 1 to 1,000,000, got 0"),
        ({"conv": True}, r"whole number"),
        ({"conv": 2.5}, r"whole number"),
        ("conv", r"Layer 1 \(conv\) needs a value: write \{conv: 32, kernel: 3\}"),
        ({"conv": 8, "padding": "sane"}, r"padding must be valid, same, a number"),
        ({"conv": 8, "activation": "rely"}, r"did you mean relu\?"),
        ({"conv": 8, "bias": "no"}, r"bias must be true or false, got 'no'"),
        ({"conv": 8, "name": "my conv"}, r"name must be letters"),
        ({"dense": "class"}, r"or the word classes"),
        ({"dropout": 1.0}, r"number from 0 to 0.99"),
        ({"dropout": float("nan")}, r"number from 0 to 0.99"),
        ({"flatten": 3}, r"takes no value of its own"),
        ({"standardize": {}, "mean": [0.5], "std": [0.0]}, r"above zero"),
        ({"residual": "relu"}, r"residual must be a list of layers"),
        ({"residual": [{"conv": 1}, "wat"]}, r"Layer 1.2: 'wat' is no layer"),
        ({"global_pool": "mean"}, r"must be one of avg, max"),
        (7, r"Layer 1 is 7"),
        ({}, r"Layer 1 is \{\}"),
        ({"relu": {}, "slope": 0.1}, r"Layer 1 \(relu\) has no option 'slope'"),
    ],
)
def test_mistakes_are_explained(written, sentence):
    with pytest.raises(RecipeError, match=sentence):
        L.parse([written])


@pytest.mark.parametrize("whole", ["flatten", {"conv": 3}, 3, None, []])
def test_what_is_no_list_is_refused(whole):
    with pytest.raises(RecipeError, match=r"list of layers"):
        L.parse(whole)


def test_hostile_lists_are_refused_quickly():
    nested = ["relu"]
    for _ in range(50):
        nested = [{"residual": nested}]
    with pytest.raises(RecipeError, match="nested more than"):
        L.parse(nested)
    with pytest.raises(RecipeError, match="at most 1,000"):
        L.parse(["relu"] * 100_000)
    with pytest.raises(RecipeError, match="more than 1000 layers"):
        L.parse([{"residual": ["relu"] * 30}] * 100)


@given(
    st.lists(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=5)
            | st.sampled_from(list(L.KINDS)),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from([*L.KINDS, "kernel", "name", "size", "padding", "bias"]), inner, max_size=3
                )
            ),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_anything_at_all_is_parsed_or_refused_in_words(written):
    try:
        parsed = L.parse(written)
    except RecipeError as error:
        assert str(error)
    else:
        assert L.parse(L.specs(parsed)) == parsed
