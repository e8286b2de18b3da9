import json

import numpy as np
import pytest

from glassnet.data.truths import Truth
from glassnet.errors import DataError, NumericError
from glassnet.evaluation import scores_from_dict
from glassnet.evaluation.box_errors import KINDS
from glassnet.evaluation.boxes import box_scores
from glassnet.evaluation.intervals import wilson
from glassnet.evaluation.matching import MOST, matched, pooled
from glassnet.tasks.answers import Found, ThingsAnswer
from glassnet.tasks.matching import best_threshold

CLASSES = ("a", "b", "c")


def scored(answers, truths, classes=CLASSES, threshold=0.5, resamples=50, **options):
    return box_scores(answers, truths, classes, "test", threshold=threshold, resamples=resamples, **options)


def truth(*things, side=300, crowd=()):
    labels = np.array([CLASSES.index(name) for name, _ in things], np.int64)
    flags = np.array([i in crowd for i in range(len(things))], bool)
    return Truth(side, side, labels, np.array([box for _, box in things], np.float64).reshape(-1, 4), flags)


def answer(*found, side=300):
    return ThingsAnswer(tuple(Found(name, score, box) for name, score, box in found), side, side, 0.0)


def perfect(truths, classes=CLASSES):
    return [
        ThingsAnswer(
            tuple(Found(classes[k], 0.9, tuple(b)) for k, b in zip(t.labels, t.boxes.tolist(), strict=True)),
            300,
            300,
            0.0,
        )
        for t in truths
    ]


def slow_ap(answers, truths, number, name, at):
    """AP of one class by the definition: greedy matching by hand, precision at 101 recalls."""
    flags, total = [], 0
    for picture, (given, real) in enumerate(zip(answers, truths, strict=True)):
        boxes = [
            (box, bool(crowd)) for box, k, crowd in zip(real.boxes, real.labels, real.crowd, strict=True) if k == number
        ]
        total += sum(not crowd for _, crowd in boxes)
        free = [not crowd for _, crowd in boxes]
        for place, thing in enumerate(f for f in given.found if f.label == name):
            best, chosen = at, None
            x1, y1, x2, y2 = thing.box
            own = (x2 - x1) * (y2 - y1)
            shares = []
            for (a1, b1, a2, b2), crowd in boxes:
                shared = max(0, min(x2, a2) - max(x1, a1)) * max(0, min(y2, b2) - max(y1, b1))
                shares.append(shared / (own if crowd else own + (a2 - a1) * (b2 - b1) - shared))
            for j, share in enumerate(shares):
                if free[j] and share >= best:
                    best, chosen = share, j
            if chosen is not None:
                free[chosen] = False
                flags.append((-thing.confidence, picture, place, True))
            elif not any(crowd and share >= at for share, (_, crowd) in zip(shares, boxes, strict=True)):
                flags.append((-thing.confidence, picture, place, False))
    curve, right = [], 0
    for i, (*_, hit) in enumerate(sorted(flags), 1):
        right += hit
        curve.append((right / total, right / i))
    # COCO's recalls are these floats, and whether 7 / 25 reaches "0.28" is decided by their rounding.
    return sum(max([p for r, p in curve if r >= at], default=0) for at in np.linspace(0, 1, 101)) / 101


def test_figures_equal_those_of_pycocotools(frozen):
    example, answers, truths = frozen
    scores = scored(answers, truths, ("zero", "one", "two"))
    assert {name: scores[name].value for name in example["boxes"]} == pytest.approx(example["boxes"], abs=1e-12)
    for name, row in zip(("zero", "one", "two"), example["boxes_by_class"], strict=True):
        assert {key: scores.per_class[name][key].value for key in row} == pytest.approx(row, abs=1e-12)


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_equal_the_definition_written_out(scene, seed):
    answers, truths = scene(25, seed=seed, crowds=0.2)
    scores = scored(answers, truths)
    table = np.array(
        [[slow_ap(answers, truths, k, name, at) for at in np.linspace(0.5, 0.95, 10)] for k, name in enumerate(CLASSES)]
    )
    assert scores["AP"].value == pytest.approx(table.mean())
    assert scores["AP50"].value == pytest.approx(table[:, 0].mean())
    assert scores["AP75"].value == pytest.approx(table[:, 5].mean())
    assert scores.per_class["b"]["AP"].value == pytest.approx(table[1].mean())
    assert scores.tables["ap_by_overlap"]["ap"] == pytest.approx(table.mean(0))


def test_perfect_answers_give_one_and_keep_the_doubt_of_few_pictures(scene):
    _, truths = scene(12, crowds=0)
    scores = scored(perfect(truths), truths)
    for name in ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "AR_100", "precision", "recall", "f1"):
        assert scores[name].value == pytest.approx(1) and scores[name].high == pytest.approx(1)
    # Every resample gives 1; twelve pictures do not prove it.
    assert (scores["AP50"].method, scores["AP50"].low) == ("wilson", pytest.approx(wilson(12, 12)[0]))
    assert scores.tables["errors"] == dict.fromkeys(KINDS, 0) | {"found": sum(map(len, truths))}
    assert all(picture["score"] == 1 for picture in scores.tables["pictures"])


def test_the_order_of_pictures_does_not_matter(scene):
    answers, truths = scene(15, seed=4)
    order = np.random.default_rng(0).permutation(15)
    first = scored(answers, truths)
    other = scored([answers[i] for i in order], [truths[i] for i in order], rows=order)
    assert {k: f.value for k, f in other.figures.items()} == pytest.approx(
        {k: f.value for k, f in first.figures.items()}
    )
    assert sorted(other.tables["pictures"], key=lambda p: p["row"]) == first.tables["pictures"]


@pytest.mark.parametrize("seed", range(5))
def test_a_false_answer_less_sure_than_all_never_helps(scene, seed):
    answers, truths = scene(10, seed=seed)
    before = scored(answers, truths)
    source = np.random.default_rng(seed)
    worse = [
        ThingsAnswer(
            (*a.found, Found(CLASSES[source.integers(3)], -1e-3 * (i + 1), (900.0, 900.0, 950.0, 950.0))), 300, 300, 0.0
        )
        for i, a in enumerate(answers)
    ]
    after = scored(worse, truths)
    for name in before.figures:
        if name.startswith("AP"):
            assert after[name].value <= before[name].value + 1e-12


def test_every_kind_of_error_is_named():
    box = (100.0, 100.0, 140.0, 140.0)
    real = truth(
        ("a", box),
        ("b", (10.0, 10.0, 30.0, 30.0)),
        ("c", (200.0, 200.0, 290.0, 290.0)),
        ("a", (200.0, 0.0, 240.0, 40.0)),
        crowd=(2,),
    )
    given = answer(
        ("a", 0.9, box),
        ("a", 0.8, (100.0, 100.0, 140.0, 138.0)),
        ("c", 0.7, (10.0, 10.0, 30.0, 29.0)),
        ("c", 0.65, (210.0, 210.0, 230.0, 230.0)),
        ("a", 0.6, (220.0, 0.0, 260.0, 40.0)),
        ("b", 0.55, (0.0, 250.0, 20.0, 270.0)),
        ("b", 0.2, (10.0, 10.0, 30.0, 30.0)),
    )
    scores = scored([given], [real], rows=np.array([42]))
    picture = scores.tables["pictures"][0]
    assert picture["kinds"] == ["found", "double", "wrong_class", "excused", "badly_placed", "background"]
    assert picture["places"] == [0, 1, 2, 3, 4, 5] and picture["missed_things"] == [1, 3]
    assert scores.tables["errors"] == {
        "found": 1, "missed": 2, "background": 1, "wrong_class": 1, "badly_placed": 1, "double": 1,
    }  # fmt: skip
    assert picture["row"] == 42 and picture["score"] == pytest.approx(2 / (2 + 4 + 2))
    assert scores["precision"].value == pytest.approx(1 / 5) and scores["recall"].value == pytest.approx(1 / 3)
    assert scores["f1"].threshold == 0.5


def test_pictures_are_listed_worst_first_and_nothing_seen_in_nothing_is_right():
    box = (10.0, 10.0, 60.0, 60.0)
    truths = [truth(("a", box)), truth(), truth(("a", box))]
    answers = [answer(("a", 0.9, box)), answer(), answer(("a", 0.9, (200.0, 200.0, 250.0, 250.0)))]
    worst = scored(answers, truths, rows=np.array([7, 8, 9])).tables["worst"]
    assert [(picture["row"], picture["score"]) for picture in worst] == [(9, 0), (7, 1), (8, 1)]


def test_what_is_not_there_has_no_figure_and_is_said():
    truths = [truth(("a", (0.0, 0.0, 40.0, 40.0))) for _ in range(12)]
    answers = [answer(("a", 0.3, (0.0, 0.0, 40.0, 40.0)), ("b", 0.9, (0.0, 0.0, 9.0, 9.0))) for _ in range(12)]
    scores = scored(answers, truths)
    assert "AP_small" not in scores.figures and "AP_large" not in scores.figures and scores["AP_medium"].value == 1
    said = " ".join(scores.warnings)
    assert "AP_small or AP_large" in said and "no b, c" in said
    assert "AP" not in scores.per_class["b"] and scores.per_class["b"]["precision"].value == 0
    assert "c" not in scores.per_class
    silent = scored(answers, truths, threshold=0.95)
    assert "precision" not in silent.figures and silent["recall"].value == 0
    assert any("No answer reaches the threshold 0.95" in sentence for sentence in silent.warnings)


def test_a_size_that_is_rare_is_said():
    wide = ("a", (0.0, 0.0, 150.0, 150.0))
    truths = [truth(wide) for _ in range(11)] + [truth(("a", (0.0, 0.0, 8.0, 8.0)))]
    scores = scored([answer(("a", 0.9, wide[1])) for _ in truths], truths)
    assert scores["AP_small"].n == 1 and any("hold small things" in sentence for sentence in scores.warnings)


def test_few_pictures_and_more_things_than_count_are_said():
    boxes = [(float(x), float(y), x + 8.0, y + 8.0) for x in range(0, 220, 20) for y in range(0, 220, 20)]
    real = truth(*(("a", box) for box in boxes))
    given = answer(*(("a", 0.9 - i / 1000, box) for i, box in enumerate(boxes)))
    scores = scored([given], [real], threshold=0.1)
    assert scores["AR_100"].value == pytest.approx(MOST / len(boxes))
    said = " ".join(scores.warnings)
    assert "more than 100 things" in said and "1 pictures" not in said and "too narrow" in said


def test_intervals_hold_the_value_narrow_with_pictures_and_repeat(scene):
    answers, truths = scene(120, seed=6)
    all_of_them = scored(answers, truths, resamples=None)
    assert all_of_them.tables["resamples"] == 1000 and all_of_them["AP50"].method == "bootstrap"
    again = scored(answers, truths, resamples=None)
    assert again.as_dict() == all_of_them.as_dict()
    few = scored(answers[:30], truths[:30], resamples=300)
    assert few["AP50"].method == "bootstrap (300)"
    wide, narrow = (s["AP50"].high - s["AP50"].low for s in (few, all_of_them))
    assert narrow == pytest.approx(wide / 2, rel=0.4)
    assert (few["AP50"].n, all_of_them["AP50"].n) == (30, 120)


def test_scores_are_plain_json_and_curves_are_thin(scene):
    answers, truths = scene(150, seed=2)
    scores = scored(answers, truths)
    assert scores_from_dict(json.loads(json.dumps(scores.as_dict()))).as_dict() == scores.as_dict()
    for curve in scores.tables["precision_recall"].values():
        assert 20 < len(curve["recall"]) <= 202 and len(curve["recall"]) == len(curve["precision"]) == len(
            curve["threshold"]
        )
        assert np.all(np.diff(curve["recall"]) >= 0) and np.all(np.diff(curve["threshold"]) < 0)


def test_at_the_best_threshold_of_the_pooled_answers_f1_is_highest(scene):
    answers, truths = scene(30, seed=8)
    chosen = best_threshold(pooled(matched(answers, truths, CLASSES, "box")))
    best = scored(answers, truths, threshold=chosen)["f1"].value
    assert best >= max(
        scored(answers, truths, threshold=t, resamples=10)["f1"].value for t in np.linspace(0.02, 0.98, 25)
    )
    assert best_threshold(pooled([])) == 0.5


def test_generators_will_do(scene):
    answers, truths = scene(10)
    assert scored(iter(answers), iter(truths)).as_dict() == scored(answers, truths).as_dict()


def test_what_does_not_fit_is_refused(scene):
    answers, truths = scene(5)
    with pytest.raises(DataError, match="no pictures"):
        scored([], [])
    with pytest.raises(DataError, match="shows a thing"):
        scored([answer()], [truth()])
    with pytest.raises(ValueError, match=r"shorter|longer"):
        scored(answers, truths[:-1])
    with pytest.raises(ValueError, match="3 rows for 5"):
        scored(answers, truths, rows=np.arange(3))
    with pytest.raises(ValueError, match="class list"):
        scored(answers, truths, ("x", "y"))
    with pytest.raises(NumericError, match="not finite"):
        scored([answer(("a", float("nan"), (0.0, 0.0, 1.0, 1.0)))], [truth(("a", (0.0, 0.0, 1.0, 1.0)))])
