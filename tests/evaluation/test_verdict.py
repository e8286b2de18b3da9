import json
import re

import numpy as np
import pytest

from glassnet.evaluation import Figure, Scores, rate
from glassnet.evaluation.advice import IDEAS, options_for
from glassnet.evaluation.verdict import RULES, Evidence, rise, verdict, verdict_from_dict
from glassnet.recipe import Recipe, recipe_from
from glassnet.training.early_stopping import standing
from glassnet.training.history import History, Row


def scores(right, n, split):
    return Scores("classify", split, "accuracy", {"accuracy": rate(right, n, split)})


def flat(value, epochs=10):
    return [value] * epochs


def judge(train, validation, n=1000, history=None, **options):
    """Train and validation accuracy as counts of n."""
    history = history or {
        "train_score": flat(train / n),
        "validation_score": flat(validation / n),
        "validation_loss": flat(0.5),
    }
    return verdict(history, scores(train, n, "train"), scores(validation, n, "validation"), **options)


def test_the_textbook_cases():
    assert judge(990, 800).kind == "overfitting"
    assert judge(600, 590).kind == "underfitting"
    assert judge(950, 930).kind == "balanced"
    assert judge(25, 24, n=25).kind == "not enough evidence"


def evidence(train=0.95, gap=(0.02, 0.0, 0.04), n=500, **others):
    validation = train - gap[0]
    return Evidence(
        Figure(train, 0.0, 1.0, n, "train", "wilson"),
        Figure(validation, max(0.0, validation - 0.03), 1.0, n, "validation", "wilson"),
        gap,
        **others,
    )


TRIVIAL = ("majority", rate(70, 100, "validation"))


@pytest.mark.parametrize(
    ("cause", "given"),
    [
        ("few pictures", evidence(n=29)),
        ("balanced", evidence(n=30)),
        ("gap", evidence(gap=(0.05, 1e-6, 0.1))),
        ("balanced", evidence(gap=(0.0499, 1e-6, 0.1))),
        ("balanced", evidence(gap=(0.05, 0.0, 0.1))),
        ("balanced", evidence(gap=(0.05, 0.0, 0.15))),
        ("wide gap interval", evidence(gap=(0.05, 0.0, 0.1501))),
        ("too weak", evidence(train=0.8499)),
        ("balanced", evidence(train=0.85)),
        ("nothing learned", evidence(train=0.72, trivial=TRIVIAL)),
        ("too weak", evidence(train=0.7601, trivial=TRIVIAL)),
        ("ended early", evidence(train=0.9499, rise=0.01, train_rise=0.01)),
        ("balanced", evidence(train=0.9499, rise=0.0099, train_rise=0.01)),
        ("balanced", evidence(train=0.9499, rise=0.01, train_rise=0.0099)),
        ("ended early", evidence(train=0.9499, rise=0.01, train_rise=None)),
        ("balanced", evidence(train=0.95, rise=0.02, train_rise=0.02)),
        ("gap", evidence(gap=(0.2, 0.1, 0.3), rise=0.05, train_rise=0.05)),
    ],
)
def test_each_rule_turns_at_its_edge(cause, given):
    assert next(rule for rule in RULES if rule.holds(given)).cause == cause


def test_a_memoriser_no_better_than_trivial_is_overfitting_not_lazy():
    found = judge(1000, 500, trivial={"majority": rate(500, 1000, "validation")})
    assert found.kind == "overfitting"
    assert any("trivial model (majority)" in sentence for sentence in found.sentences)


def test_the_numbers_stand_in_the_sentences():
    history = {"train_score": np.linspace(0.5, 0.99, 10), "validation_score": [0.5, 0.7, 0.8] + [0.79] * 7}
    history["validation_loss"] = [1.0, 0.6, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9]
    told = judge(990, 800, history=history).text()
    assert "99.0%" in told and "80.0%" in told and "19.0 points" in told and "1,000 validation pictures" in told
    assert "80% above its lowest point" in told and "best epoch was 3 of 10" in told


def test_a_curve_that_rises_to_the_end_asks_for_more_epochs():
    rising = list(np.linspace(0.3, 0.88, 12))
    recipe = recipe_from({"data": {"root": "my photos"}, "train": {"epochs": 12}})
    found = judge(
        890,
        880,
        history={"train_score": rising, "validation_score": rising, "validation_loss": flat(0.4, 12)},
        recipe=recipe,
    )
    assert found.kind == "underfitting"
    assert found.next_step == "Train longer (more training time): glassnet train 'my photos' --epochs 24"


def test_rise_is_the_slope_of_the_last_third_over_a_quarter_more_epochs():
    assert rise(np.arange(24) * 0.01) == pytest.approx(0.06)
    late = np.r_[np.linspace(0, 0.9, 16), flat(0.9, 8)]
    assert rise(late) == 0
    late[-1] = 0.1  # one bad epoch does not turn it
    assert rise(late) == 0
    assert rise([0.1, 0.2, 0.3, 0.4, 0.5]) is None
    assert rise([0.1, np.nan, 0.3, np.nan, 0.5, 0.6]) is None


def test_the_best_epoch_is_the_one_that_training_kept():
    """Of equal scores the lower loss, of equal losses the later epoch: the weights in the model file are of that epoch."""
    for losses, best in (
        ([0.5, 0.4, 0.3, 0.2], 3),
        ([0.5, 0.3, 0.4, 0.2], 2),
        ([0.5, 0.4, 0.4, 0.2], 3),
        ([None] * 4, 3),
    ):
        history = {"validation_score": [0.7, 0.8, 0.8, 0.6], "validation_loss": losses}
        rows = [
            Row(i + 1, i + 1, 0.1, 0.5, 0.8, np.nan if loss is None else loss, score, 1.0, 1.0, 0)
            for i, (score, loss) in enumerate(zip(history["validation_score"], losses, strict=True))
        ]
        assert judge(800, 800, history=history).numbers["best_epoch"] == best
        assert standing(History(tuple(rows)), None).best_epoch == best


def test_missing_columns_and_values_do_not_stop_a_verdict():
    class History:
        validation_score = (None, 0.9, float("nan"), 0.95)

    found = verdict(History(), scores(960, 1000, "train"), scores(950, 1000, "validation"))
    assert found.kind == "balanced" and found.numbers["best_epoch"] == 4 and found.numbers["rise"] is None
    none = verdict({}, scores(9, 10, "train"), None)
    assert none.kind == "not enough evidence" and "no validation pictures" in none.sentences[0]


def test_advice_leaves_out_what_is_already_done():
    bare = [option.command for option in options_for("gap", recipe_from({"data": {"root": "p"}, "train": {"lr": 0.1}}))]
    assert bare[0] == "glassnet train p --augment.rotate 10 --augment.zoom 0.15 --augment.shift 0.1"
    done = {
        "data": {"root": "p"},
        "network": "tutorial",
        "augment": {"rotate": 10, "brightness": 0.3},
        "train": {"dropout": 0.3, "optimizer": "sgd", "label_smoothing": 0.1},
    }
    left = options_for("gap", recipe_from(done))
    assert [option.command for option in left] == [""] and "Collect more pictures" in left[0].what
    assert "--network tutorial" in options_for("ended early", recipe_from(done))[0].command


def dense(value, split, n=60, headline="mean_iou", task="segment", spread=0.03):
    figure = Figure(value, value - spread, value + spread, n, split, "bootstrap (BCa)")
    return Scores(task, split, headline, {headline: figure})


def judge_dense(train, validation, n=60, trivial=None, **options):
    history = {name: flat(0.5) for name in ("train_score", "validation_score", "validation_loss")}
    pair = dense(train, "train", 200, **options), dense(validation, "validation", n, **options)
    return verdict(history, *pair, trivial)


def test_a_segmentation_is_judged_by_its_own_figure_in_its_own_words():
    found = judge_dense(0.9, 0.7)
    assert found.kind == "overfitting" and found.numbers["headline"] == "mean_iou"
    assert "The mean IoU is 0.900 on 200 training pictures and 0.700 [0.670, 0.730] on 60 validation" in found.text()
    assert "a gap of 0.200 [0.158, 0.242]" in found.text()
    assert "%" not in found.text() and "accuracy" not in found.text() and "right in" not in found.text()
    assert judge_dense(0.72, 0.71).kind == "balanced"  # which would be hardly anything learned if it were accuracy
    assert judge_dense(0.6, 0.58).cause == "too weak"
    assert judge_dense(0.9, 0.7, n=9, headline="AP50").kind == "not enough evidence"
    assert judge_dense(0.7, 0.69, headline="AP50").cause == "too weak"
    assert "The AP50 is 0.700" in judge_dense(0.7, 0.69, headline="AP50").text()
    near = judge_dense(0.5, 0.5, trivial={"the largest class everywhere": dense(0.49, "validation").main})
    assert near.cause == "nothing learned" and "reaches 0.490" in near.text()
    assert judge_dense(0.8, 0.79, headline="something else", task="sixth").kind == "balanced"


def test_a_figure_that_could_not_be_taken_is_said():
    empty = Scores("detect", "validation", "AP50", {})
    found = verdict({}, dense(0.5, "train", headline="AP50", task="detect"), empty)
    assert found.kind == "not enough evidence" and "AP50 could not be taken on the validation" in found.sentences[0]


def test_advice_for_places_speaks_of_places():
    recipe = recipe_from({"data": {"root": "p", "task": "detect", "size": [256, 320]}, "network": "fast"})
    told = {cause: [option.command for option in options_for(cause, recipe)] for cause in IDEAS}
    assert told["gap"][0] == "glassnet train p --task detect --network fast --augment.flip horizontal"
    assert "glassnet train p --task detect --network fast --size '[512, 640]'" in told["too weak"]
    assert "glassnet train p --task detect --network pyramid" in told["too weak"]
    every = " ".join(command for commands in told.values() for command in commands)
    assert "sampling" not in every and "label_smoothing" not in every and "class_weights balanced" in every
    large = recipe.changed({"data.size": [512, 640], "network": "pyramid"})
    assert not any("--size" in option.command for option in options_for("too weak", large))
    assert options_for("too weak", recipe_from({"data": {"size": [64, 64]}}))[-2].command.endswith("--size 128")


@pytest.mark.parametrize("task", ["classify", "localize", "detect", "segment", "instances"])
@pytest.mark.parametrize("cause", [rule.cause for rule in RULES])
def test_every_cause_has_advice_and_every_command_is_a_recipe_field(cause, task):
    from glassnet.recipe import fields

    short = {"epochs": "train.epochs", "network": "network", "size": "data.size", "seed": "train.seed"}
    recipe = recipe_from(
        {"data": {"root": "p", "size": 64}, "network": "tutorial", "train": {"lr": 0.01, "dropout": 0.1}}
    )
    for given in (None, Recipe(), recipe):
        found = options_for(cause, given, epochs=5, task=task)
        assert found and found[0].what
    for option in options_for(cause, recipe, epochs=5, task=task):
        overrides = {short.get(name, name): value for name, value in re.findall(r"--(\S+) (\S+)", option.command)}
        known = {name: float(v) if re.fullmatch(r"[\d.]+", v) else v for name, v in overrides.items()}
        assert known.keys() <= fields().keys() | {"network"}, option.command
        Recipe().changed({k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in known.items()})


def test_advice_adds_to_the_command_that_was_typed():
    found = judge(990, 800, command="glassnet train p --size 96")
    flags = "--augment.rotate 10 --augment.zoom 0.15 --augment.shift 0.1"
    assert found.next_step.endswith(f": glassnet train p --size 96 {flags}")


def test_the_table_of_ideas_and_the_table_of_rules_name_the_same_causes():
    assert set(IDEAS) == {rule.cause for rule in RULES}


def test_verdict_shows_itself_escaped_and_round_trips():
    trivial = {"<i>border</i>": rate(850, 1000, "validation")}
    found = judge(990, 800, trivial=trivial)
    assert "<i>" not in found._repr_html_() and "&lt;i&gt;border" in found._repr_html_()
    assert found.text() == str(found) and "Verdict: overfitting." in str(found)
    assert verdict_from_dict(json.loads(json.dumps(found.as_dict(), allow_nan=False))) == found


def test_the_advice_to_open_the_test_set_names_the_folder_of_runs_that_was_typed():
    first = options_for("balanced", None, command="glassnet train photos --out 'my runs' --epochs 3")[0]
    assert first.command == "glassnet eval --out 'my runs'"
    other = options_for("balanced", None, command="glassnet train photos --out=other")[0]
    assert other.command == "glassnet eval --out other"
    assert options_for("balanced", None, command="glassnet train photos")[0].command == "glassnet eval"
