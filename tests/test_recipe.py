"""What the user asked for: read strictly, explained when wrong, written and read back unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.errors import RecipeError
from glassnet.recipe import Recipe, fields, parse_value, read_recipe, read_yaml, recipe_from
from glassnet.runs.rows import settings_of


def test_a_recipe_survives_yaml():
    recipe = recipe_from(
        {
            "data": {"root": "photos", "size": [48, 64], "fit": "pad"},
            "network": [{"conv": 32, "kernel": 3}, "flatten", {"dense": "classes"}],
            "train": {"lr": 1e-3, "early_stopping": {"patience": 3}, "schedule": "auto"},
        }
    )
    assert recipe_from(read_yaml(recipe.as_yaml())) == recipe


@given(
    lr=st.floats(1e-8, 10, exclude_min=True),
    epochs=st.one_of(st.none(), st.integers(1, 10_000)),
    root=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
)
def test_any_values_survive_yaml(lr, epochs, root):
    recipe = recipe_from({"data": {"root": root}, "train": {"lr": lr, "epochs": epochs}})
    assert recipe_from(read_yaml(recipe.as_yaml())) == recipe


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"train": {"Lr": 1}}, "Did you mean 'lr'?"),
        ({"epochs": 3}, "Did you mean 'train.epochs'?"),
        ({"train": {"optimizer": "rmsprop"}}, "'sgd', 'adam', 'adamw' or 'muon' (got 'rmsprop')"),
        ({"train": {"lr": -1}}, "greater than 0 (got -1)"),
        ({"train": {"early_stopping": {"patienc": 1}}}, "Did you mean 'patience'?"),
        ({"data": {"test": 0.6, "validation": 0.5}}, "leave nothing to train on"),
        ({"data": {"size": 3}}, "between 4 and 2048"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(values, said):
    with pytest.raises(RecipeError) as error:
        recipe_from(values)
    assert said in str(error.value)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x",
        "a: !!python/object/apply:os.system [true]",
        "a: !note 1",
        "a: 1\na: 2",
        "a: [",
        "? [1]\n: 2",
        "[" * 5000,
    ],
)
def test_yaml_that_is_not_plain_data_is_refused(text):
    with pytest.raises(RecipeError):
        read_yaml(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        (".5", 0.5),
        ("-1.5e+4", -15000.0),
        ("7", 7),
        ("yes", "yes"),
        ("no", "no"),
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
    ],
)
def test_values_are_read_as_people_mean_them(text, value):
    assert parse_value(text) == value


def test_overrides_change_one_field_and_keep_the_rest():
    recipe = recipe_from({"train": {"lr": 0.5, "batch": 16}, "augment": {"flip": "horizontal"}})
    changed = recipe.changed({"train.lr": 0.1, "network": "tutorial"})
    assert (changed.train.lr, changed.train.batch, changed.network, changed.augment.flip) == (
        0.1,
        16,
        "tutorial",
        "horizontal",
    )
    assert recipe.train.lr == 0.5


def test_auto_and_defaults_do_not_count_as_set():
    recipe = recipe_from({"train": {"lr": "auto", "epochs": 3}})
    assert recipe.is_set("train.epochs")
    assert not recipe.is_set("train.lr")
    assert not recipe.is_set("train.batch")


def test_every_field_explains_itself():
    assert [name for name, (_, text) in fields().items() if not text] == []


def test_a_missing_recipe_file_says_so(tmp_path):
    with pytest.raises(RecipeError, match="No such file"):
        read_recipe(tmp_path / "none.yaml")


def test_the_default_recipe_is_valid():
    assert Recipe() == recipe_from({})


SWEEP = {"train.lr": [0.1, 0.01], "network": ["mini", "tutorial"], "repeats": 3, "method": "auto"}


def test_a_sweep_is_read_apart_from_its_words_and_stays_through_changes():
    recipe = recipe_from({"data": {"root": "photos"}, "sweep": SWEEP})
    assert (recipe.sweep.repeats, recipe.sweep.method, recipe.sweep.prune) == (3, None, None)
    assert recipe.sweep.space == {"train.lr": [0.1, 0.01], "network": ["mini", "tutorial"]}
    changed = recipe.changed({"train.epochs": 2})
    assert changed.sweep == recipe.sweep
    assert changed.changed({"sweep": None}).once().train.epochs == 2


def test_what_a_run_records_has_no_sweep():
    recipe = recipe_from({"data": {"root": "photos"}, "sweep": SWEEP})
    assert recipe_from(read_yaml(recipe.as_yaml())) == recipe.changed({"sweep": None})
    assert not [name for name in fields() if name.startswith("sweep")]
    assert not [name for name in settings_of(recipe) if name.startswith("sweep")]


def test_a_command_for_one_run_names_the_command_for_many():
    with pytest.raises(RecipeError, match=r"sweep \(train\.lr, network\).*glassnet sweep"):
        recipe_from({"sweep": SWEEP}).once()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"repeats": 0}, "sweep.repeats: input should be greater than or equal to 1 (got 0)"),
        ({"method": "bayes"}, "'grid', 'random', 'tpe' or 'gp' (got 'bayes')"),
        ({"prune": "always"}, "sweep.prune"),
        ({"minutes": 0}, "sweep.minutes"),
    ],
)
def test_a_wrong_word_of_a_sweep_is_named(words, said):
    with pytest.raises(RecipeError) as error:
        recipe_from({"sweep": {**SWEEP, **words}})
    assert said in str(error.value)


def test_augmentation_can_be_switched_off_whole_and_one_change_put_back():
    recipe = recipe_from({"augment": {"zoom": 0.3}}).changed({"augment": "none", "augment.rotate": 15})
    assert (recipe.augment.zoom, recipe.augment.rotate, recipe.augment.flip) == (0, 15, "none")
    assert recipe_from({"augment": "none"}) == Recipe().changed({"augment": "none"})
    assert recipe.changed({"augment": "auto"}).augment == Recipe().augment


def test_early_stopping_is_none_a_patience_or_both_words():
    read = {text: Recipe().changed({"train.early_stopping": parse_value(text)}).train.early_stopping
            for text in ("none", "off", "auto", "7", "{patience: 7}")}  # fmt: skip
    assert read["none"] is read["off"] is read["auto"] is None
    assert read["7"] == read["{patience: 7}"]
    assert read["7"].patience == 7
