import json
from dataclasses import replace

import numpy as np
import pytest

from glassnet.evaluation import Figure, Scores, rate, scores_from_dict
from glassnet.evaluation.classification import classification_scores
from glassnet.evaluation.show import scores_side_by_side, warning_html

EVIL = "<script>alert('x')</script> & \"co\""


@pytest.fixture
def scores(answers_of):
    logits, y = answers_of(100, 3)
    found = classification_scores(logits, y, (EVIL, "bee", "cow"), "test")
    return found.with_trivial({"always <b>": rate(40, 100, "test")}, ("Mind <this>.",))


def test_text_says_value_interval_count_and_method(scores):
    text = scores.text()
    assert str(scores) == text
    first = text.splitlines()[0]
    assert first.startswith("test: accuracy 0.") and "[" in first and first.endswith("on 100 pictures")
    line = next(line for line in text.splitlines() if line.startswith("balanced accuracy"))
    assert "wilson" in line and f"{scores['balanced_accuracy'].value:.3f}" in line
    assert "always <b>" in text and "Warning: Mind <this>." in text


def test_columns_line_up(scores):
    lines = scores.text().split("\n\n")[1].splitlines()
    assert len(lines) > 8 and len({len(line) for line in lines}) == 1


def test_html_escapes_every_name(scores):
    html = scores._repr_html_()
    assert "<script" not in html and "<b>" not in html and "<this>" not in html
    assert "&lt;script&gt;" in html and "&lt;b&gt;" in html and "Mind &lt;this&gt;." in html


def test_a_notebook_shows_few_figures_and_folds_the_rest_away(scores):
    shown, _, folded = scores._repr_html_().partition("<details>")
    assert "log-loss" in shown and "Matthews" not in shown and "Matthews" in folded
    assert shown.index("Mind &lt;this&gt;") < len(shown)  # a warning is never folded away
    assert "<code>--x</code> &lt;b&gt;" in warning_html("`--x` <b>")


def test_splits_stand_side_by_side_with_the_warnings_of_the_last(scores):
    both = scores_side_by_side(
        {"validation": replace(scores, split="validation", warnings=("Early.",)), "test": scores}
    )
    assert both.count("<tr>") == 3 and "validation" in both and "Mind &lt;this&gt;" in both and "Early" not in both
    assert scores_side_by_side({"test": Scores("detect", "test", "ap", {})}) == ""


def test_many_classes_show_the_worst_forty_and_count_the_rest():
    y = np.arange(600) % 60
    logits = np.eye(60)[y] * 5.0
    logits[y == 59] = np.eye(60)[0] * 5
    text = classification_scores(logits, y, tuple(f"c{i:02}" for i in range(60)), "test", resamples=20).text()
    table = text[text.index("\nclass ") + 1 :]
    assert table.splitlines()[1].startswith("c59") and "… and 20 classes" in text


def figure(value, threshold=None, n=30):
    return Figure(value, value - 0.01, value + 0.01, n, "test", "bootstrap (BCa)", threshold)


@pytest.fixture
def boxes():
    names = ("AP50", "AP", "AP75", "AP_small", "AR_100", "precision", "recall", "f1", "mean_f1_ious", "dsb_score")
    taken = {
        name: figure(0.3 + 0.04 * i, 0.31 if name in ("precision", "recall", "f1") else None)
        for i, name in enumerate(names)
    }
    return Scores("instances", "test", "AP50", taken, {EVIL: taken, "dog": {}}, {"mean layout": figure(0.02)})


def test_boxes_are_shown_by_their_figures_in_plain_words(boxes):
    text = boxes.text()
    assert text.startswith("test: AP50 0.300 [0.290, 0.310] on 30 pictures")
    assert "\nAP50: average precision at IoU 0.5 " in text and "\nprecision at threshold 0.31 " in text
    assert "accuracy" not in text and "_" not in text
    brief = boxes.text(brief=True)
    assert "AP75" not in brief and "mean F1 over IoU" in brief and "dog" in brief and "mean layout" in brief
    assert max(map(len, text.splitlines())) < 140  # ten figures of a class stand in three tables
    assert "<script" not in boxes._repr_html_()
    assert "AP75" not in scores_side_by_side({"test": boxes}).split("</thead>")[0]


def test_a_task_that_is_not_known_here_shows_all_it_has():
    sixth = Scores("count", "test", "mean_error", {"mean_error": figure(0.5), "worst_error": figure(0.9)})
    assert "mean error" in sixth.text(brief=True) and "worst error" in sixth.text(brief=True)


def test_json_round_trip_is_exact_and_writes_no_nan(scores):
    text = json.dumps(scores.as_dict(), allow_nan=False)
    back = scores_from_dict(json.loads(text))
    assert back == scores and json.dumps(back.as_dict()) == text


@pytest.mark.parametrize(
    "bad",
    [(float("nan"), 0, 1, 5), (0.5, 0.6, 0.9, 5), (0.5, 0.1, 0.4, 5), (0.5, 0.1, float("inf"), 5), (0.5, 0.1, 0.9, 0)],
)
def test_a_figure_without_an_honest_interval_cannot_be_built(bad):
    value, low, high, n = bad
    with pytest.raises(ValueError, match="figure"):
        Figure(value, low, high, n, "test", "wilson")


def test_scores_without_a_headline_still_show():
    assert "could not be taken" in Scores("detect", "test", "ap", {}).text()
