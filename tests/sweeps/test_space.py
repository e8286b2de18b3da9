"""The search space: what a person wrote becomes the combinations that he meant, and what cannot be meant is refused at once."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.errors import RecipeError
from glassnet.recipe import Recipe, read_yaml
from glassnet.sweeps.space import Choices, Condition, Range, Space, read_settings, read_space, space_from, split_values

LAYERS = [{"conv": 32}, "flatten", {"dense": "classes"}]


@pytest.mark.parametrize(
    ("texts", "yaml"),
    [
        (["train.lr=0.1,0.01"], "train.lr: [0.1, 0.01]"),
        (["lr=0.1, 0.01"], "lr: [0.1, 0.01]"),
        (["train.lr=[0.1, 0.01]"], "train.lr: [0.1, 0.01]"),
        (["train.lr=1e-4..1e-1:log"], "train.lr: {min: 1e-4, max: 1e-1, log: true}"),
        (["train.dropout=0.0..0.5"], "train.dropout: {min: 0.0, max: 0.5}"),
        (["train.epochs=5..20"], "train.epochs: {min: 5, max: 20}"),
        (["train.batch=8..64:log"], "train.batch: {min: 8, max: 64, log: true, integer: true}"),
        (["train.epochs=5..20:step=5"], "train.epochs: {min: 5, max: 20, step: 5}"),
        (["augment.rotate=0..30:integer"], "augment.rotate: {min: 0, max: 30, integer: true}"),
        (
            ["train.momentum=0.8..0.99 when train.optimizer=sgd,muon", "train.optimizer=sgd,muon,adam"],
            "train.optimizer: [sgd, muon, adam]\n"
            "train.momentum: {min: 0.8, max: 0.99, when: {train.optimizer: [sgd, muon]}}",
        ),
        (
            ["optimizer=sgd,adam", "momentum=0.8,0.9 when optimizer=sgd"],
            "train.optimizer: [sgd, adam]\ntrain.momentum: {values: [0.8, 0.9], when: {optimizer: sgd}}",
        ),
        (
            ["network=tutorial,[{conv: 32, kernel: 3}, flatten, {dense: classes}],mini"],
            "network: [tutorial, [{conv: 32, kernel: 3}, flatten, {dense: classes}], mini]",
        ),
        (["network=[{conv: 32}, flatten, {dense: classes}]"], "network: [[{conv: 32}, flatten, {dense: classes}]]"),
        (["network.conv1.filters=16,32"], "network.conv1.filters: [16, 32]"),
        (["network.dropout1.rate=0..0.5"], "network.dropout1.rate: {min: 0, max: 0.5}"),
        (["size=[48,64],32"], "data.size: [[48, 64], 32]"),
        (["train.early_stopping=none,5"], "train.early_stopping: [none, {patience: 5}]"),
        (["augment=none,auto,{flip: horizontal}"], "augment: [none, auto, {flip: horizontal}]"),
        (["lr=auto,0.1"], "train.lr: [null, 0.1]"),
    ],
)
def test_text_and_yaml_say_the_same(texts, yaml):
    assert read_settings(texts) == read_space(read_yaml(yaml))


@st.composite
def _settings(draw):
    """Texts and the YAML of one space, as a person could write both: lists and ranges of several fields, some with a condition."""
    texts, mapping = [], {}
    optimizers = draw(st.lists(st.sampled_from(["sgd", "adam", "adamw", "muon"]), min_size=1, unique=True))
    texts.append(f"train.optimizer={','.join(optimizers)}")
    mapping["train.optimizer"] = optimizers
    numbers = st.floats(1e-6, 0.9, allow_subnormal=False)
    for name in draw(st.sets(st.sampled_from(["train.lr", "train.dropout", "augment.zoom", "train.momentum"]))):
        on = draw(st.one_of(st.none(), st.lists(st.sampled_from(optimizers), min_size=1, unique=True)))
        when = {"when": {"train.optimizer": on}} if on else {}
        text_when = f" when optimizer={','.join(on)}" if on else ""
        if draw(st.booleans()):
            values = draw(st.lists(numbers, min_size=1, max_size=4, unique=True))
            texts.append(f"{name}={','.join(map(repr, values))}{text_when}")
            mapping[name] = {"values": values, **when}
        else:
            low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
            log = draw(st.booleans())
            texts.append(f"{name}={low!r}..{high!r}{':log' if log else ''}{text_when}")
            mapping[name] = {"min": low, "max": high, "log": log, **when}
    return texts, mapping


@settings(max_examples=60)
@given(_settings())
def test_any_space_is_the_same_from_text_from_yaml_and_from_the_record(written):
    texts, mapping = written
    space = read_settings(texts)
    assert space == read_space(mapping)
    assert space_from(json.loads(json.dumps(space.as_dict()))) == space
    assert read_space(space.as_dict()) == space
    assert list(space_from(space.as_dict()).names) == list(space.names)


@st.composite
def _grids(draw):
    """Lists whose conditions form a forest, in any order."""
    n = draw(st.integers(1, 6))
    found = {}
    for i in range(n):
        values = tuple(range(draw(st.integers(1, 4))))
        when = None
        if i and draw(st.booleans()):
            parent = f"s{draw(st.integers(0, i - 1))}"
            held = draw(st.lists(st.sampled_from(found[parent].values), min_size=1, unique=True))
            when = Condition(parent, tuple(held))
        found[f"s{i}"] = Choices(values, when)
    order = draw(st.permutations(list(found)))
    return {name: found[name] for name in order}


@settings(max_examples=100)
@given(_grids())
def test_the_grid_has_every_combination_once_and_as_many_as_it_says(written):
    space = Space(written)
    listed = list(space.grid())
    assert space.size() == len(listed) == len({json.dumps(each) for each in listed})
    for each in listed:
        space.check(each)
        assert list(each) == [name for name, on in space.active(each).items() if on]
    # Oracle: the whole product, with what a condition switches off taken out.
    product = set()
    for values in itertools.product(*(written[name].values for name in space.names)):
        whole = dict(zip(space.names, values, strict=True))
        product.add(json.dumps({name: whole[name] for name, on in space.active(whole).items() if on}))
    assert product == {json.dumps(each) for each in listed}


def test_the_last_setting_changes_fastest_as_in_nested_loops():
    space = read_settings(["lr=0.1,0.01", "optimizer=sgd,adam", "momentum=0.8,0.9 when optimizer=sgd"])
    assert [tuple(each.values()) for each in space.grid()] == [
        (0.1, "sgd", 0.8), (0.1, "sgd", 0.9), (0.1, "adam"), (0.01, "sgd", 0.8), (0.01, "sgd", 0.9), (0.01, "adam"),
    ]  # fmt: skip


def test_a_condition_on_what_is_off_itself_switches_off_too():
    space = Space(
        {
            "c": Choices((1, 2), Condition("b", (1,))),
            "b": Choices((1, 2), Condition("a", (1,))),
            "a": Choices((1, 2)),
        }
    )
    assert space.names == ("a", "b", "c")
    assert list(space.grid()) == [{"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1, "c": 2}, {"a": 1, "b": 2}, {"a": 2}]
    assert space.active({"a": 2, "b": 1}) == {"a": True, "b": False, "c": False}


def test_a_huge_grid_is_counted_without_being_made():
    space = read_settings([f"augment.{name}={','.join(f'0.{i:02}' for i in range(100))}" for name in
                           ("zoom", "shift", "crop", "brightness", "contrast", "saturation")])  # fmt: skip
    assert space.size() == 100**6
    assert next(space.grid())["augment.zoom"] == 0.0


def test_a_range_is_no_grid_and_says_so():
    space = read_settings(["lr=0.1..0.2", "optimizer=sgd,adam"])
    assert (space.is_grid, space.size()) == (False, None)
    with pytest.raises(RecipeError, match=r"train\.lr is a range, which a grid cannot go through"):
        next(space.grid())


@pytest.mark.parametrize(
    ("texts", "name", "found"),
    [
        (["train.epochs=5..20"], "train.epochs", Range(5, 20, integer=True)),
        (["train.epochs=5..20:step=4"], "train.epochs", Range(5, 17, integer=True, step=4)),
        (["augment.rotate=0..30"], "augment.rotate", Range(0.0, 30.0)),
        (["augment.zoom=0..0.35:step=0.1"], "augment.zoom", Range(0.0, 0.3, step=0.1)),
        (["network.conv1.filters=16..64:step=16"], "network.conv1.filters", Range(16, 64, integer=True, step=16)),
        (["batch=8..128:log"], "train.batch", Range(8, 128, log=True, integer=True)),
    ],
)
def test_ranges_are_whole_where_the_setting_is_and_end_at_their_last_step(texts, name, found):
    space = read_settings(texts)
    assert space.settings[name] == found
    assert type(space.settings[name].low) is (int if found.integer else float)


def test_a_combination_outside_the_space_is_refused():
    space = read_settings(
        ["lr=0.1..0.2", "epochs=1..9:step=2", "optimizer=sgd,adam", "momentum=0.8,0.9 when optimizer=sgd"]
    )
    good = {"train.lr": 0.15, "train.epochs": 3, "train.optimizer": "sgd", "train.momentum": 0.9}
    space.check(good)
    for change, said in [
        ({"train.lr": 0.3}, "not in this sweep: from 0.1 to 0.2"),
        ({"train.epochs": 4}, "not in this sweep"),
        ({"train.epochs": 3.5}, "not in this sweep"),
        ({"train.optimizer": "muon"}, "train.optimizer is muon"),
        ({"train.optimizer": "adam"}, "counts only when train.optimizer is sgd"),
        ({"train.batch": 3}, "does not vary"),
    ]:
        with pytest.raises(RecipeError, match=said):
            space.check({**good, **change})
    with pytest.raises(RecipeError, match=r"no value of train\.momentum"):
        space.check({name: value for name, value in good.items() if name != "train.momentum"})


def test_a_combination_becomes_a_recipe_and_values_of_layers():
    space = read_settings(
        ["augment.rotate=15", "augment=none", "network=mini", "network.conv1.filters=8", "early_stopping=3", "lr=auto"]
    )
    recipe, layers = split_values(next(space.grid()))
    made = Recipe().changed({"train.lr": 0.5}).changed(recipe)
    assert layers == {"conv1.filters": 8}
    assert (made.network, made.augment.rotate, made.augment.flip) == ("mini", 15, "none")
    assert (made.train.early_stopping.patience, made.train.lr) == (3, None)


def test_every_line_of_the_text_can_be_read_by_a_person():
    space = read_settings(
        ["lr=1e-4..1e-1:log", "optimizer=sgd,adam", "momentum=0.8,0.9 when optimizer=sgd", "epochs=2..8:step=2",
         "network=mini,[{conv: 32}, flatten, {dense: classes}]"]
    )  # fmt: skip
    assert space.text() == [
        "train.lr: from 0.0001 to 0.1, evenly in the logarithm",
        "train.optimizer: sgd, adam",
        "train.momentum: 0.8, 0.9  (when train.optimizer is sgd)",
        "train.epochs: whole numbers from 2 to 8 in steps of 2",
        "network: mini, [{conv: 32}, flatten, {dense: classes}]",
    ]


def test_the_command_line_wins_over_the_recipe_and_can_depend_on_it():
    space = read_settings(
        ["lr=0.5", "momentum=0.9 when optimizer=sgd"], {"train.lr": [0.1, 0.2], "train.optimizer": ["sgd", "adam"]}
    )
    assert space.settings["train.lr"] == Choices((0.5,))
    assert space.names == ("train.lr", "train.optimizer", "train.momentum")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lrr=1", "Did you mean 'train.lr'?"),
        ("conv1.filters=3", "Did you mean 'network.conv1.filters'?"),
        ("train.lr", "names no values"),
        ("train.lr=", "names no values"),
        ("train.lr=0.1,,0.2", "a comma without a value"),
        ("train.lr=0.1,0.10", "0.1 stands twice"),
        ("train.lr=0", "greater than 0 (got 0)"),
        ("train.lr=0.2..0.1", "min below max, got 0.2 to 0.1"),
        ("augment.zoom=0..0.5:log", "begins above 0"),
        ("train.lr=0.1..0.5:log:step=0.1", "has no steps"),
        ("train.lr=0.1..0.5:lgo", "got :lgo"),
        ("train.epochs=5.5..7", "valid integer"),
        ("train.epochs=1..8:step=9", "the step 9"),
        ("train.epochs=1..1000000000000000000", "1e+15"),
        ("train.optimizer=sgd,adma", "'sgd', 'adam', 'adamw' or 'muon' (got 'adma')"),
        ("train.optimizer=1..3", "train.optimizer"),
        ("network=tutoral", "Did you mean 'tutorial'?"),
        ("network=[{conv: 32}, flatten", "has no partner"),
        ("network=[{cnov: 32}, flatten, {dense: classes}]", "Did you mean 'conv'?"),
        ("network={conv: 32}", "in brackets of its own"),
        ("network.conv1.filtres=3", "Did you mean 'filters'?"),
        ("network.conv1.filters=0,8", "from 1 to"),
        ("momentum=0.9 when optimizer=sgd", "does not vary in this sweep. Add it, as train.optimizer=sgd"),
        ("momentum=0.9 when optimizer", "is no condition"),
        ("augment=non", "augment"),
        ("augment={flp: none}", "Did you mean 'flip'?"),
        ("data.root=a,b", "one set of pictures"),
        ("task=classify", "different questions"),
        ("test=0.1,0.2", "judged by the same pictures"),
        ("group-by=none", "judged by the same pictures"),
        ("seed=1,2", "Ask for repeats"),
        ("threads=1,2", "must equal the other"),
        ("device=cpu,cuda", "must equal the other"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_with_its_reason(text, said):
    with pytest.raises(RecipeError) as error:
        read_settings([text])
    assert said in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({}, "needs a setting to vary"),
        ({"train.lr": []}, "train.lr: the list of values is empty"),
        ({"train.lr": {"mn": 1, "max": 2}}, "Did you mean 'min'?"),
        ({"train.lr": {"max": 2}}, "min is missing"),
        ({"train.lr": {"min": "1", "max": 2}}, "min is 1"),
        ({"train.lr": {"min": 0.1, "max": 0.2, "log": "yes"}}, "log must be true or false"),
        ({"train.epochs": {"min": 1, "max": 8, "integer": False}}, "whole numbers only"),
        ({"train.lr": {"values": [1], "min": 2}}, "unknown key 'min'"),
        ({"train.lr": [1, 2], "lr": [3]}, "stands twice"),
        ({"methd": "grid"}, "Did you mean 'method'?"),
        ({"network": LAYERS}, "in brackets of its own"),
        ({"train.lr": {"values": [1], "when": {"train.lr": [1]}}}, "circle"),
        (
            {"train.lr": {"values": [1], "when": {"train.batch": [1]}}, "train.batch": {"min": 1, "max": 5}},
            "is a range",
        ),
        ({"train.lr": {"values": [1], "when": {"batch": 3}}, "train.batch": [1, 2]}, "is never 3"),
        ({"train.lr": {"values": [1], "when": {"a": 1, "b": 2}}}, "one setting and its values"),
    ],
)
def test_a_space_that_makes_no_sense_is_refused_with_its_reason(mapping, said):
    with pytest.raises(RecipeError) as error:
        read_space(mapping)
    assert said in str(error.value)


def test_conditions_in_a_circle_are_refused():
    with pytest.raises(RecipeError, match="circle"):
        Space({"a": Choices((1,), Condition("b", (1,))), "b": Choices((1,), Condition("a", (1,)))})


@given(st.text(max_size=40))
def test_no_text_is_answered_with_anything_but_a_space_or_a_sentence(text):
    for written in (text, f"train.lr={text}", f"network={text}", f"train.batch={text}"):
        try:
            read_settings([written])
        except RecipeError as error:
            assert str(error)
