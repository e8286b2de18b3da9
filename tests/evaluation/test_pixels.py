import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, jaccard_score, recall_score

from glassnet.data.truths import Truth
from glassnet.errors import DataError
from glassnet.evaluation import scores_from_dict
from glassnet.evaluation.baselines import GRID, ONE_CLASS, near
from glassnet.evaluation.pixel_baselines import pixel_trivial
from glassnet.evaluation.pixels import pixel_scores
from glassnet.tasks.answers import PixelsAnswer

NAMES = ("background", "cat", "dog")


def truth_of(labels):
    labels = np.asarray(labels, np.uint8)
    none = np.zeros(0, np.int64)
    return Truth(*labels.shape, none, np.zeros((0, 4)), none.astype(bool), map=labels)


def score(truths, answers, names=NAMES, **options):
    given_ = [PixelsAnswer(np.asarray(a, np.uint8), names) for a in answers]
    return pixel_scores(given_, [truth_of(t) for t in truths], names, "test", **options)


def pictures(n=12, noise=0.2, side=24, classes=3, seed=0, ignored=0.1):
    source = np.random.default_rng(seed)
    truths, answers = [], []
    for _ in range(n):
        truth = np.kron(source.integers(0, classes, (3, 3)), np.ones((side // 3, side // 3))).astype(np.uint8)
        wrong = source.random(truth.shape) < noise * source.random() * 2
        answers.append(np.where(wrong, source.integers(0, classes, truth.shape), truth).astype(np.uint8))
        truth[source.random(truth.shape) < ignored] = 255
        truths.append(truth)
    return truths, answers


def flat(truths, answers):
    y, p = np.concatenate([t.ravel() for t in truths]), np.concatenate([a.ravel() for a in answers])
    return y[y != 255], p[y != 255]


def test_every_figure_is_scikit_learns():
    truths, answers = pictures()
    found, (y, p) = score(truths, answers, resamples=50), flat(truths, answers)
    assert found.headline == "mean_iou" and found.main.n == 12
    for name, value in {
        "mean_iou": jaccard_score(y, p, average="macro"),
        "mean_dice": f1_score(y, p, average="macro"),
        "pixel_accuracy": accuracy_score(y, p),
        "mean_class_accuracy": recall_score(y, p, average="macro"),
    }.items():
        assert found[name].value == pytest.approx(value, abs=1e-12), name
    for k, value in enumerate(jaccard_score(y, p, average=None)):
        assert found.per_class[NAMES[k]]["iou"].value == pytest.approx(value, abs=1e-12)
        assert found.per_class[NAMES[k]]["recall"].value == pytest.approx(
            recall_score(y, p, average=None)[k], abs=1e-12
        )
    assert found.tables["confusion"]["counts"] == confusion_matrix(y, p).tolist()
    assert scores_from_dict(json.loads(json.dumps(found.as_dict(), allow_nan=False))) == found


maps = arrays(np.uint8, (4, 5), elements=st.sampled_from([0, 0, 1, 2, 255]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(maps, arrays(np.uint8, (4, 5), elements=st.integers(0, 2))), min_size=1, max_size=5))
def test_whatever_is_there_no_nan_leaves_and_means_run_over_the_classes_that_are_there(pairs):
    truths, answers = zip(*pairs, strict=True)
    y, p = flat(truths, answers)
    if not len(y):
        with pytest.raises(DataError, match="ignored"):
            score(truths, answers)
        return
    found = score(truths, answers, resamples=20)
    there = np.union1d(y, p)
    assert found["mean_iou"].value == pytest.approx(jaccard_score(y, p, average="macro", labels=there), abs=1e-12)
    assert {k for k in range(3) if "iou" in found.per_class[NAMES[k]]} == set(there.tolist())
    json.dumps(found.as_dict(), allow_nan=False)
    for figure in found.figures.values():
        assert 0 <= figure.low <= figure.value <= figure.high <= 1


def test_the_interval_is_that_of_pictures_not_of_pixels():
    """Resampling pictures by hand, all pixels moved along, gives the same spread; pixels of one picture are no new evidence."""
    truths, answers = pictures(40, noise=0.4, ignored=0)
    found = score(truths, answers)["mean_iou"]
    source = np.random.default_rng(1)
    by_hand = []
    for _ in range(400):
        drawn = source.integers(0, 40, 40)
        y, p = flat([truths[i] for i in drawn], [answers[i] for i in drawn])
        by_hand.append(jaccard_score(y, p, average="macro"))
    low, high = np.quantile(by_hand, [0.025, 0.975])
    assert found.high - found.low == pytest.approx(high - low, rel=0.2)
    assert found.low == pytest.approx(low, abs=0.02) and found.high == pytest.approx(high, abs=0.02)


def test_a_perfect_answer_to_few_pictures_is_not_sold_as_certain():
    truths, _ = pictures(4, ignored=0)
    found = score(truths, truths)
    assert found.main.value == 1 and found.main.low < 0.6 and found.main.high == 1
    assert any("only 4 pictures" in sentence for sentence in found.warnings)
    assert found["boundary_f1"].value == 1


def test_classes_are_matched_by_name():
    truths, answers = pictures()
    turned = [PixelsAnswer(np.array([2, 0, 1], np.uint8)[a], ("cat", "dog", "background")) for a in answers]
    other = pixel_scores(turned, [truth_of(t) for t in truths], NAMES, "test", resamples=20)
    assert other == score(truths, answers, resamples=20)
    with pytest.raises(ValueError, match="'cow'"):
        pixel_scores([PixelsAnswer(truths[0], ("cow",))], [truth_of(truths[0])], NAMES, "test")
    with pytest.raises(ValueError, match="longer"):
        pixel_scores(iter(turned[1:]), [truth_of(t) for t in truths], NAMES, "test")
    with pytest.raises(ValueError, match="does not fit"):
        score([truths[0]], [truths[0][:-1]])


def test_the_worst_picture_comes_first_with_its_catalog_row():
    truths, _ = pictures(3, ignored=0)
    answers = [truths[0], 2 - truths[1], truths[2]]
    found = score(truths, answers, rows=np.array([7, 11, 5])).tables
    assert score(truths, answers, rows=np.array([7, 11, 5])).by_picture[7] == 1
    assert [one["row"] for one in found["worst"]] == [11, 7, 5] and found["worst"][0]["score"] < 1
    assert found["worst"][0]["weakest_class"] in NAMES
    cells = {(t, a): rows for t, a, rows in found["confusion"]["cells"]}
    assert all(rows == [11] for (t, a), rows in cells.items() if t != a)


def test_absent_and_invented_classes_are_named():
    truth = np.zeros((10, 10), np.uint8)
    answer = truth.copy()
    answer[0] = 1
    found = score([truth] * 12, [answer] * 12)
    assert found.main.value == pytest.approx(0.45)  # 0.9 for background, 0 for the cat that is not there
    told = " ".join(found.warnings)
    assert "left out of the means: dog" in told and "counts in the mean: cat" in told


def test_trivial_answers_are_those_one_would_paint():
    """The upper half is mostly sky. The largest class everywhere against the usual class of each region, by hand."""
    source = np.random.default_rng(0)
    truths = []
    for _ in range(20):
        labels = np.zeros((48, 40), np.uint8)
        labels[: 18 + source.integers(0, 3)] = 1
        labels[source.random(labels.shape) < 0.05] = 255
        truths.append(labels)
    known, asked = truths[:10], truths[10:]
    found = pixel_trivial([truth_of(t) for t in known], [truth_of(t) for t in asked], ("land", "sky"), "validation")
    y, _ = flat(asked, asked)
    assert found[ONE_CLASS].value == pytest.approx(jaccard_score(y, np.zeros_like(y), average="macro"))
    painted = np.zeros((48, 40), np.uint8)
    painted[:18] = 1
    y, p = flat(asked, [painted] * 10)
    assert found[GRID].value == pytest.approx(jaccard_score(y, p, average="macro")) and found[GRID].n == 10
    warned = near(found[GRID], found)
    assert "Where a pixel lies" in warned[0]
    assert not pixel_trivial([], [truth_of(asked[0])], NAMES, "validation")


def test_pictures_of_every_size_have_the_same_grid():
    labels = [
        np.repeat(np.repeat(np.array([[0, 1], [1, 0]], np.uint8), h, 0), w, 1) for h, w in ((4, 4), (8, 20), (3, 1))
    ]
    found = pixel_trivial([truth_of(labels[0])], [truth_of(one) for one in labels[1:]], ("a", "b"), "test")
    assert found[GRID].value == pytest.approx(1) and found[ONE_CLASS].value == pytest.approx(0.25)
