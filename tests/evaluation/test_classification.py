import json

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glassnet.errors import DataError, NumericError
from glassnet.evaluation import scores_from_dict
from glassnet.evaluation.classification import choose_threshold, classification_scores
from glassnet.evaluation.confusion import confusion, figures_of, resampled_margins

ABC = ("ant", "bee", "cow")
TEN = tuple(f"class {i}" for i in range(12))


def softmax(logits):
    p = np.exp(logits - logits.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def values(scores):
    return {name: figure.value for name, figure in scores.figures.items()}


@pytest.mark.parametrize(("classes", "n"), [(ABC, 300), (TEN, 900), (("no", "yes"), 250)])
def test_every_figure_equals_scikit_learn(answers_of, classes, n):
    k = len(classes)
    logits, y = answers_of(n, k, seed=k)
    p, answer = softmax(logits), logits.argmax(1)
    got = values(classification_scores(logits, y, classes, "test"))
    expected = {
        "accuracy": oracle.accuracy_score(y, answer),
        "balanced_accuracy": oracle.balanced_accuracy_score(y, answer),
        "mcc": oracle.matthews_corrcoef(y, answer),
        "log_loss": oracle.log_loss(y, p, labels=range(k)),
        "brier": oracle.brier_score_loss(y, p if k > 2 else p[:, 1], labels=range(k)),
    }
    for average in ("macro", "weighted"):
        triple = oracle.precision_recall_fscore_support(y, answer, average=average)
        expected |= {f"{name}_{average}": v for name, v in zip(("precision", "recall", "f1"), triple, strict=False)}
    if k >= 10:
        expected["top5_accuracy"] = oracle.top_k_accuracy_score(y, p, k=5)
    if k == 2:
        expected |= {
            "roc_auc": oracle.roc_auc_score(y, p[:, 1]),
            "average_precision": oracle.average_precision_score(y, p[:, 1]),
            "precision": oracle.precision_score(y, answer),
            "recall": oracle.recall_score(y, answer),
            "f1": oracle.f1_score(y, answer),
        }
    assert got.keys() - {"ece"} == expected.keys()
    for name, value in expected.items():
        assert got[name] == pytest.approx(value, abs=1e-12), name


def test_per_class_equals_scikit_learn_and_counts_its_own_pictures(answers_of):
    logits, y = answers_of(200, 3, shares=(0.7, 0.2, 0.1))
    scores = classification_scores(logits, y, ABC, "validation")
    precision, recall, f1, support = oracle.precision_recall_fscore_support(y, logits.argmax(1))
    for i, name in enumerate(ABC):
        row = scores.per_class[name]
        got = [row["precision"].value, row["recall"].value, row["f1"].value, row["recall"].n]
        assert got == pytest.approx([precision[i], recall[i], f1[i], support[i]])
        assert row["precision"].n == (logits.argmax(1) == i).sum()
        assert {figure.split for figure in row.values()} == {"validation"}


def test_f1_interval_covers_as_often_as_it_says():
    """1,000 draws of 100 pictures: hits, misses and false alarms with known shares; true F1 is 2·0.3 / (0.6 + 0.2) = 0.75."""
    from glassnet.evaluation.intervals import wilson_f1

    source = np.random.default_rng(0)
    draws = source.multinomial(100, [0.3, 0.12, 0.08, 0.5], size=1000)
    ends = [wilson_f1(hits, hits + misses + alarms) for hits, misses, alarms, _ in draws]
    covered = sum(low <= 0.75 <= high for low, high in ends)
    assert 930 <= covered <= 970  # 950 ± 3 standard errors of 6.9


@pytest.mark.parametrize(("right", "n"), [(0.97, 120), (0.7, 150)])
def test_resampled_confusion_covers_macro_f1(right, n):
    """400 experiments each, three classes of unequal size, errors uniform: true macro-F1 from a matrix of expectations."""
    source = np.random.default_rng(7)
    shares = np.array([0.5, 0.3, 0.2])
    cells = np.outer(shares, np.ones(3)) * (1 - right) / 2
    np.fill_diagonal(cells, shares * right)
    from glassnet.evaluation.confusion import margins

    truth = figures_of(margins(cells))["f1_macro"]
    covered = 0
    for trial in range(400):
        matrix = source.multinomial(n, cells.ravel()).reshape(3, 3)
        samples = figures_of(resampled_margins(matrix, 400, trial))["f1_macro"]
        low, high = np.quantile(samples, [0.025, 0.975])
        covered += low <= truth <= high
    assert 365 <= covered <= 397  # 380 ± 3.5 standard errors of 4.4: neither too narrow nor uselessly wide


def test_resampling_cells_is_resampling_pictures(answers_of):
    """Same centre and spread as drawing the pictures themselves, to the accuracy of 4,000 resamples."""
    logits, y = answers_of(500, 3)
    matrix = confusion(y, logits.argmax(1), 3)
    by_cells = figures_of(resampled_margins(matrix, 4000, 0))["f1_macro"]
    source = np.random.default_rng(0)
    drawn = source.integers(0, 500, (4000, 500))
    by_rows = [oracle.f1_score(y[rows], logits.argmax(1)[rows], average="macro") for rows in drawn[:400]]
    assert by_cells.std() == pytest.approx(np.std(by_rows), rel=0.15)
    assert by_cells.mean() == pytest.approx(np.mean(by_rows), abs=0.005)


def test_a_perfect_network_keeps_an_honest_doubt():
    y = np.arange(60) % 3
    scores = classification_scores(10.0 * np.eye(3)[y], y, ABC, "test")
    for name in ("accuracy", "balanced_accuracy", "f1_macro", "precision_macro", "mcc"):
        figure = scores[name]
        assert figure.value == pytest.approx(1) and 0.8 < figure.low < 0.99, name
    assert scores.tables["worst"] == []


def test_a_network_that_is_always_wrong():
    y = np.arange(60) % 3
    scores = classification_scores(10.0 * np.eye(3)[(y + 1) % 3], y, ABC, "test")
    for name in ("accuracy", "balanced_accuracy", "f1_macro"):
        assert scores[name].value == 0 and 0.01 < scores[name].high < 0.2, name
    assert scores["mcc"].value == pytest.approx(-0.5)


def test_a_perfect_ranking_is_not_certain_either():
    y = np.arange(40) % 2
    scores = classification_scores(np.stack([1.0 - y, y * 1.0], 1), y, ("no", "yes"), "test")
    assert scores["roc_auc"].value == 1 and 0.8 < scores["roc_auc"].low < 0.97
    assert scores["average_precision"].low == pytest.approx(20 / (20 + 1.959963984540054**2))
    backwards = classification_scores(np.stack([y * 1.0, 1.0 - y], 1), y, ("no", "yes"), "test")
    assert backwards["roc_auc"].value == 0 and 0.03 < backwards["roc_auc"].high < 0.2


def test_curves_are_scikit_learns_curves(answers_of):
    logits, y = answers_of(80, 2, skill=1.0)
    logits = np.round(4 * logits) / 4  # ties, in numbers that a float holds exactly
    p = softmax(logits)[:, 1]
    tables = classification_scores(logits, y, ("no", "yes"), "test").tables
    false, true, _ = oracle.roc_curve(y, p, drop_intermediate=False)
    assert tables["roc"]["false_positive_rate"] == pytest.approx(false)
    assert tables["roc"]["true_positive_rate"] == pytest.approx(true)
    precision, recall, thresholds = oracle.precision_recall_curve(y, p)
    assert tables["pr"]["precision"] == pytest.approx(precision[:-1][::-1])
    assert tables["pr"]["recall"] == pytest.approx(recall[:-1][::-1])
    assert tables["pr"]["threshold"] == pytest.approx(thresholds[::-1])


def test_long_curves_are_thinned_for_drawing_but_not_for_the_area(answers_of):
    logits, y = answers_of(5000, 2)
    scores = classification_scores(logits, y, ("no", "yes"), "test")
    roc = scores.tables["roc"]
    drawn = np.trapezoid(roc["true_positive_rate"], roc["false_positive_rate"])
    assert len(roc["threshold"]) <= 202
    assert (roc["false_positive_rate"][0], roc["true_positive_rate"][-1]) == (0, 1)
    assert drawn == pytest.approx(scores["roc_auc"].value, abs=1e-3)


def test_threshold_moves_answers_and_is_written_on_figures(answers_of):
    logits, y = answers_of(300, 2, skill=1.0)
    p = softmax(logits)[:, 1]
    scores = classification_scores(logits, y, ("no", "yes"), "test", threshold=0.8)
    assert scores["recall"].value == pytest.approx(oracle.recall_score(y, p >= 0.8))
    assert scores["recall"].threshold == 0.8 and scores["accuracy"].threshold == 0.8
    assert classification_scores(logits, y, ("no", "yes"), "test")["recall"].threshold == 0.5
    assert scores["log_loss"].threshold is None
    other = classification_scores(logits, y, ("no", "yes"), "test", positive="no")
    assert other["recall"].value == pytest.approx(oracle.recall_score(y, p > 0.5, pos_label=0))
    assert other["roc_auc"].value == pytest.approx(scores["roc_auc"].value)


@pytest.mark.parametrize("goal", ["balanced_accuracy", "f1", "accuracy"])
def test_chosen_threshold_is_the_best_of_all(answers_of, goal):
    logits, y = answers_of(150, 2, skill=0.8, shares=(0.8, 0.2))
    p = softmax(logits)[:, 1]
    metric = {
        "balanced_accuracy": oracle.balanced_accuracy_score,
        "f1": oracle.f1_score,
        "accuracy": oracle.accuracy_score,
    }[goal]
    best = max(metric(y, p >= t) for t in p)
    choice = choose_threshold(logits, y, goal=goal)
    assert metric(y, p >= choice.value) == pytest.approx(best)
    assert "150 pictures" in choice.reason
    assert choose_threshold(logits[:20], np.r_[np.zeros(15, int), np.ones(5, int)]).value == 0.5


def test_absent_and_never_answered_classes_are_named_and_leave_no_nan(answers_of):
    logits, y = answers_of(90, 3)
    y = np.where(y == 2, 0, y)
    logits[:, 1] = -20
    scores = classification_scores(logits, y, ABC, "test")
    assert set(scores.per_class["cow"]) == {"precision"} and scores.per_class["cow"]["precision"].value == 0
    assert "precision" not in scores.per_class["bee"]
    assert any("cow" in w and "without a picture" in w for w in scores.warnings)
    assert any("bee" in w and "never given" in w for w in scores.warnings)
    json.dumps(scores.as_dict(), allow_nan=False)
    expected = oracle.f1_score(y, logits.argmax(1), labels=[0, 1], average="macro")
    assert scores["f1_macro"].value == pytest.approx(expected)


def test_one_class_only_has_no_curve_and_no_correlation():
    logits = np.random.default_rng(0).normal(size=(30, 2))
    scores = classification_scores(logits, np.ones(30, int), ("no", "yes"), "test")
    assert not {"roc_auc", "average_precision", "mcc"} & scores.figures.keys()
    assert any("one class only" in w for w in scores.warnings)
    json.dumps(scores.as_dict(), allow_nan=False)


def test_a_single_picture_has_a_score():
    scores = classification_scores(np.array([[2.0, 1.0, 0.0]]), np.array([0]), ABC, "test")
    assert scores["accuracy"].n == 1 and scores["accuracy"].low < 0.3


def test_confusion_cells_point_at_the_pictures_behind_them(answers_of):
    logits, y = answers_of(400, 3)
    rows = np.random.default_rng(1).permutation(5000)[:400]
    confidence = dict(zip(rows.tolist(), softmax(logits).max(1), strict=True))
    where = dict(zip(rows.tolist(), zip(y.tolist(), logits.argmax(1).tolist(), strict=True), strict=True))
    table = classification_scores(logits, y, ABC, "test", rows=rows).tables["confusion"]
    assert np.array_equal(table["counts"], oracle.confusion_matrix(y, logits.argmax(1)))
    assert len(table["cells"]) == np.count_nonzero(table["counts"])
    for truth, answer, members in table["cells"]:
        assert len(members) == min(24, table["counts"][truth][answer])
        assert {where[row] for row in members} == {(truth, answer)}
        order = [confidence[row] for row in members]
        assert order == sorted(order, reverse=truth != answer)
        everyone = [confidence[row] for row in where if where[row] == (truth, answer)]
        assert order[0] == (min(everyone) if truth == answer else max(everyone))


def test_worst_mistakes_come_first_and_are_mistakes(answers_of):
    logits, y = answers_of(500, 3)
    worst = classification_scores(logits, y, ABC, "test", rows=np.arange(500) + 7).tables["worst"]
    losses = -np.log(softmax(logits)[np.arange(500), y])
    wrong = logits.argmax(1) != y
    assert worst[0]["row"] - 7 == np.argmax(np.where(wrong, losses, -1))
    assert worst[0]["loss"] == pytest.approx(losses[wrong].max())
    assert all(w["truth"] != w["answer"] for w in worst) and len(worst) == min(60, wrong.sum())


def test_temperature_changes_how_sure_but_not_what(answers_of):
    logits, y = answers_of(300, 3)
    cold, plain = (classification_scores(logits, y, ABC, "test", temperature=t) for t in (3.0, 1.0))
    assert cold["accuracy"] == plain["accuracy"]
    assert cold["ece_uncalibrated"].value == plain["ece"].value
    assert cold["log_loss"].value == pytest.approx(oracle.log_loss(y, softmax(logits / 3)))


def test_bad_logits_are_refused_in_plain_words(answers_of):
    logits, y = answers_of(20, 3)
    logits[4, 1] = np.nan
    logits[9, 0] = np.inf
    with pytest.raises(NumericError, match=r"2 of 20 test pictures.*number 4.*--lr"):
        classification_scores(logits, y, ABC, "test")
    with pytest.raises(DataError, match="test split holds no pictures"):
        classification_scores(np.zeros((0, 3)), np.zeros(0, int), ABC, "test")
    with pytest.raises(ValueError, match="fit 2 classes"):
        classification_scores(np.zeros((4, 3)), np.zeros(4, int), ("no", "yes"), "test")
    with pytest.raises(ValueError, match="0 to 2"):
        classification_scores(np.zeros((2, 3)), np.array([0, 3]), ABC, "test")
    with pytest.raises(ValueError, match="two classes"):
        classification_scores(np.zeros((2, 3)), np.array([0, 1]), ABC, "test", threshold=0.4)


SMALL = st.integers(2, 5).flatmap(lambda k: st.tuples(st.just(k), st.integers(1, 40), st.integers(0, 10_000)))


@settings(max_examples=40, deadline=None)
@given(SMALL)
def test_every_figure_lies_in_its_interval_and_json_is_exact(case):
    k, n, seed = case
    source = np.random.default_rng(seed)
    logits, y = source.normal(size=(n, k)) * 4, source.integers(0, k, n)
    scores = classification_scores(logits, y, tuple("abcde"[:k]), "test", seed, resamples=60)
    bounds = {"mcc": (-1, 1), "log_loss": (0, np.inf), "brier": (0, 2)}
    for name, figure in scores.figures.items():
        lowest, highest = bounds.get(name, (0, 1))
        assert lowest <= figure.low <= figure.value <= figure.high <= highest, name
    assert scores_from_dict(json.loads(json.dumps(scores.as_dict(), allow_nan=False))) == scores


@settings(max_examples=30, deadline=None)
@given(SMALL, st.randoms(use_true_random=False))
def test_renaming_classes_permutes_results_and_nothing_else(case, random):
    k, n, seed = case
    source = np.random.default_rng(seed)
    logits, y = source.normal(size=(n, k)), source.integers(0, k, n)
    assume(k > 2)
    order = list(range(k))
    random.shuffle(order)  # new class i is old class order[i]
    names = tuple("abcde"[:k])
    moved = np.argsort(order)[y]
    before = classification_scores(logits, y, names, "test", resamples=30)
    after = classification_scores(logits[:, order], moved, tuple(names[i] for i in order), "test", resamples=30)
    assert before.per_class == after.per_class
    assert values(before) == pytest.approx(values(after), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(SMALL)
def test_a_class_without_pictures_that_is_never_answered_changes_nothing(case):
    k, n, seed = case
    source = np.random.default_rng(seed)
    logits, y = source.normal(size=(n, k)), source.integers(0, k, n)
    assume(k > 2)
    names = tuple("abcde"[:k])
    before = classification_scores(logits, y, names, "test", resamples=30)
    after = classification_scores(np.c_[logits, np.full(n, -1e6)], y, (*names, "zebra"), "test", resamples=30)
    assert values(before) == pytest.approx(values(after), abs=1e-9)
    assert after.per_class["zebra"] == {}
