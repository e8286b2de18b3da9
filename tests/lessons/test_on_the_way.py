"""What a page asks while its reader is still on the way: half a list of layers, a step too far, any share, any knob."""

import math

import numpy as np
import pytest

from glassnet.errors import RecipeError
from glassnet.lessons import find


def test_a_list_on_its_way_shows_the_layers_that_fit_and_names_the_first_that_does_not():
    check = find("building").computes["check"]
    found = check({"layers": [{"conv": 8}, {"maxpool": 2}, {"dense": 5}], "height": 32, "width": 32})
    assert (found["fits"], found["at"]) == (False, 2) and "Put flatten" in found["error"]
    assert [(row["name"], row["output"]) for row in found["rows"]] == [("conv1", "30×30×8"), ("maxpool1", "15×15×8")]
    assert found["parameters"] == 8 * 3 * 9 + 8
    unfinished = check({"layers": [{"conv": 8}, "flatten"], "height": 32, "width": 32})
    assert (unfinished["fits"], unfinished["at"], len(unfinished["rows"])) == (False, None, 2)
    assert "End the list with {dense: classes}" in unfinished["error"]
    whole = check({"layers": ["flatten", {"dense": "classes"}], "height": 4, "width": 4})
    assert (whole["fits"], whole["at"], whole["parameters"]) == (True, None, 48 * 10 + 10)


def test_a_word_that_is_no_layer_is_the_first_that_does_not_fit():
    found = find("building").computes["check"]({"layers": [{"conv": 8}, {"convv": 4}, "flatten"]})
    assert found["at"] == 1 and "Did you mean 'conv'" in found["error"] and len(found["rows"]) == 1


def test_the_loss_of_a_share_is_its_negative_logarithm():
    found = find("loss").compute("curve", {"points": 50})
    assert found["loss"] == pytest.approx([-math.log(share) for share in found["share"]], abs=2e-5)
    entropy = find("loss").compute("entropy", {"logits": [2, 1, 0.1], "truth": 1})
    exps = np.exp([2, 1, 0.1])
    assert entropy["shares"] == pytest.approx(exps / exps.sum()) and entropy["share"] == pytest.approx(
        exps[1] / exps.sum()
    )


@pytest.mark.parametrize(
    ("surface", "rate", "said"),
    [("two valleys", 0.05, "local minimum"), ("two valleys", 0.7, "global minimum"), ("two valleys", 1.0, "jumps"),
     ("two valleys", 2.0, "further beyond"), ("bowl", 2.0, "jumps"), ("bowl", 2.1, "further beyond"), ("bowl", 0.01, "not come to rest")],
)  # fmt: skip
def test_where_the_ball_ends_is_said_truly(surface, rate, said):
    given = {"surface": surface, "x": 1.6, "y": 0, "rate": rate, "steps": 200 if rate > 0.01 else 50}
    found = find("loss").compute("roll", given)
    assert said in found["ended"]
    steep = [math.hypot(place["slope_x"], place["slope_y"]) for place in found["way"]]
    if "minimum" in said:
        assert steep[found["rests"] - 1] > 0.001 >= max(steep[found["rests"] :])
    else:
        assert found["rests"] == len(steep) - 1


def test_fitting_shows_the_points_and_what_the_network_says_of_every_place():
    lesson = find("fitting")
    found = lesson.compute("train", {**lesson.examples["train"], "passes": 1, "count": 30})
    assert np.shape(found["boundary"]) == (40, 40) and len(found["places"]["x"]) == 30
    assert found["places"]["class"] == [0, 1] * 15


def test_every_knob_of_augmentation_says_how_far_it_goes():
    from glassnet.recipe import AugmentRecipe

    knobs = find("augmentation").compute("vary")["knobs"]
    assert set(knobs) == set(AugmentRecipe.model_fields)
    assert knobs["flip"] == {"words": ["none", "horizontal", "vertical", "both"]}
    for name, knob in knobs.items():
        if "words" not in knob:
            AugmentRecipe(**{name: knob["most"] if knob["most"] is not None else knob["below"] - 1e-6})


def test_a_network_too_large_to_travel_is_tried_without_its_state():
    lesson = find("building")
    tutorial = lesson.compute("preset")["layers"]
    given = {"layers": tutorial, "side": 32, "rate": 0.001, "passes": 1}
    with pytest.raises(RecipeError, match="121,474 parameters"):
        lesson.compute("train", given)
    found = lesson.compute("train", {**given, "keep": False})
    assert found["state"] is None and found["parameters"] == 121_474 and 0 <= found["new_accuracy"] <= 1
    with pytest.raises(RecipeError, match="too many for an answer in seconds"):
        lesson.compute("train", {**given, "keep": False, "passes": 20})


def test_a_share_that_equals_the_threshold_is_answered_with_yes():
    found = find("precision").compute("threshold", {"shares": [0.9, 0.3, 0.1], "positive": [1, 1, 0], "threshold": 0.9})
    assert found["counts"] == {"true positives": 1, "false positives": 0, "false negatives": 1, "true negatives": 1}


@pytest.mark.parametrize("n", [12, 150, 1500])
def test_the_answers_of_a_run_are_read_from_its_scores(n):
    from glassnet.evaluation.classification import classification_scores
    from glassnet.lessons.precision import answers_of

    draw = np.random.default_rng(n)
    shares, true = draw.uniform(0.01, 0.99, n), draw.integers(0, 2, n)
    true[:2] = 0, 1
    scores = classification_scores(
        np.log(np.stack([1 - shares, shares], 1)), true, ("cat", "dog"), "validation", resamples=20
    )
    found = answers_of(scores)["own"]["threshold"]
    assert (found["name"], found["threshold"], len(found["shares"])) == ("dog", 0.5, n)
    assert sum(found["positive"]) == true.sum()
    if n < 200:
        both = (sorted(zip(*pair, strict=True)) for pair in ((found["shares"], found["positive"]), (shares, true)))
        assert np.allclose(*both, atol=1e-12)
    else:  # a long curve is kept with fewer points, at each of which the counts are exact
        assert np.sort(found["shares"]) == pytest.approx(np.sort(shares), abs=0.03)


def test_a_run_without_a_threshold_gives_a_note_in_place_of_answers():
    from glassnet.evaluation.classification import classification_scores
    from glassnet.lessons.precision import answers_of

    three = classification_scores(np.eye(3), np.arange(3), ("a", "b", "c"), "validation", resamples=20)
    one = classification_scores(np.eye(2)[:1], np.zeros(1, int), ("a", "b"), "validation", resamples=20)
    many = classification_scores(
        np.eye(2)[np.arange(2002) % 2], np.arange(2002) % 2, ("a", "b"), "validation", resamples=20
    )
    assert [answers_of(each)["note"].split(",")[0] for each in (None, three, one, many)] == [
        "Your run does not tell two classes apart",
        "Your run does not tell two classes apart",
        "Your run's validation pictures are all of one class",
        "Your run has 2",
    ]
    assert answers_of(three)["own"] == {}
