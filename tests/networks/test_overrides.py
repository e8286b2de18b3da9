"""Single values of a layer list by the names that the summary shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.errors import RecipeError
from glassnet.networks.layers import parse, specs
from glassnet.networks.overrides import check_override, named_layers, override
from glassnet.networks.presets import PRESETS, layers_of
from glassnet.networks.summary import summarise

SMALL = [
    {"conv": 32, "activation": "relu"},
    {"maxpool": 2},
    {"residual": [{"conv": 32, "padding": "same"}, "batch_norm", "relu", {"conv": 32, "padding": "same"}]},
    "flatten",
    {"dense": 64, "name": "hidden"},
    {"dropout": 0.3},
    {"dense": "classes"},
]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_names_are_those_of_the_summary(preset):
    layers = layers_of(preset, (3, 32, 32), 10, dropout=0.2)
    shown = {row.name for row in summarise(layers, (3, 32, 32), 10).rows}
    assert set(named_layers(layers)) <= shown


@pytest.mark.parametrize(
    ("change", "where", "key", "value"),
    [
        ({"conv1.filters": 8}, 0, "conv", 8),
        ({"conv1.kernel": 5}, 0, "kernel", [5, 5]),
        ({"conv1.stride": [2, 1]}, 0, "stride", [2, 1]),
        ({"conv1.activation": "gelu"}, 0, "activation", "gelu"),
        ({"maxpool1.size": 3}, 1, "maxpool", [3, 3]),
        ({"hidden.units": 16}, 4, "dense", 16),
        ({"dropout1.rate": 0.5}, 5, "dropout", 0.5),
        ({"dense1.bias": False}, 6, "bias", False),
    ],
)
def test_one_value_changes_and_nothing_else(change, where, key, value):
    before, after = specs(parse(SMALL)), override(SMALL, change)
    assert after[where][key] == value
    assert [a for a, b in zip(after, before, strict=True) if a != b] == [after[where]]


def test_layers_inside_a_residual_and_activations_of_their_own_have_values_too():
    after = override(
        SMALL, {"conv2.filters": 48, "conv3.kernel": 1, "relu1.activation": "leaky_relu", "relu1.slope": 0.2}
    )
    inner = after[2]["residual"]
    assert (inner[0]["conv"], inner[3]["kernel"]) == (48, [1, 1])
    assert inner[2] == {"leaky_relu": {}, "name": "relu1", "slope": 0.2}
    assert named_layers(after)["conv2"].filters == 48


def test_a_preset_can_be_varied_by_name_and_still_fits_together():
    layers = override(layers_of("tutorial", (3, 32, 32), 10, dropout=0.1), {"conv1.filters": 16, "dropout1.rate": 0.4})
    summary = summarise(layers, (3, 32, 32), 10)
    assert summary["conv1"].shape == (16, 30, 30)
    assert summary.parameters < 122_570


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"conv9.filters": 8}, "no layer 'conv9' to vary. Did you mean 'conv"),
        ({"hiden.units": 8}, "Did you mean 'hidden'?"),
        ({"conv1.filtres": 8}, "Layer 1 (conv1) has no 'filtres'. Did you mean 'filters'?"),
        ({"conv1.filters": 0}, "Layer 1 (conv1): filters must be a whole number from 1"),
        ({"conv1.activation": "rellu"}, "did you mean relu?"),
        ({"flatten1.size": 2}, "Nothing of it can be varied"),
        ({"dense1.units": 5}, "the question that is asked sets its units"),
        ({"relu1.slope": 0.1}, "which has no slope"),
        ({"conv1.name": "stem"}, "has no 'name'"),
        ({"residual1.layers": ["relu"]}, "has no 'layers'"),
        ({"filters": 3}, "no layer ''"),
    ],
)
def test_what_cannot_be_varied_says_why(change, said):
    with pytest.raises(RecipeError) as error:
        override(SMALL, change)
    assert said in str(error.value)


def test_the_map_of_a_dense_task_keeps_its_size():
    head = {"kind": "map", "outputs": 7, "stride": 4}
    layers = layers_of("pyramid", (3, 64, 64), 3, head=head)
    for change in ({"map.filters": 3}, {"decoder1.stride": 8}):
        with pytest.raises(RecipeError, match="the question that is asked"):
            override(layers, change)
    assert (
        named_layers(override(layers, {"decoder1.channels": 32, "map_features.filters": 16}))["decoder1"].channels == 32
    )


def test_what_can_be_known_without_the_network_is_checked_before_it():
    check_override("conv7", "filters", 32)
    check_override("stem", "filters", 32)
    check_override("any_name", "rate", 0.5)
    for name, word, value, said in [
        ("conv7", "units", 32, "Known: "),
        ("conv7", "kernal", 3, "Did you mean 'kernel'?"),
        ("conv7", "kernel", 0, "from 1 to 1024"),
        ("stem", "filtres", 3, "no layer has 'filtres'. Did you mean 'filters'?"),
        ("stem", "filters", "many", "must be a whole number"),
    ]:
        with pytest.raises(RecipeError) as error:
            check_override(name, word, value)
        assert said in str(error.value)


@given(
    filters=st.integers(1, 1000),
    kernel=st.one_of(st.integers(1, 7), st.lists(st.integers(1, 7), min_size=2, max_size=2)),
    rate=st.floats(0, 0.99),
    activation=st.sampled_from(["relu", "tanh", None]),
)
def test_what_is_set_is_what_is_there_and_again_changes_nothing(filters, kernel, rate, activation):
    change = {"conv2.filters": filters, "conv1.kernel": kernel, "dropout1.rate": rate, "hidden.activation": activation}
    after = override(SMALL, change)
    found = named_layers(after)
    assert (found["conv2"].filters, found["dropout1"].rate, found["hidden"].activation) == (filters, rate, activation)
    assert override(after, change) == after
    assert override(after, {}) == after
