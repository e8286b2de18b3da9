import json

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from glassnet.data.truths import Truth
from glassnet.errors import DataError
from glassnet.evaluation import scores_from_dict
from glassnet.evaluation.baselines import MEAN_BOX, WHOLE_PICTURE
from glassnet.evaluation.intervals import wilson
from glassnet.evaluation.place_baselines import place_trivial
from glassnet.evaluation.places import place_scores
from glassnet.tasks.answers import Found, ThingsAnswer

NAMES = ("cat", "dog")


def truth_of(*things, height=100, width=200, crowd=None):
    labels = np.array([NAMES.index(name) for name, _ in things], np.int64)
    boxes = np.array([box for _, box in things], np.float64).reshape(-1, 4)
    return Truth(height, width, labels, boxes, np.array(crowd or [False] * len(things), bool))


def answer_of(*things, height=100, width=200):
    found = tuple(Found(name, confidence, box) for name, box, confidence in things)
    return ThingsAnswer(found, height, width, 0.0)


BOX = (20.0, 20.0, 60.0, 60.0)


def shifted(by):
    return (BOX[0] + by, BOX[1], BOX[2] + by, BOX[3])


@pytest.fixture
def mixed():
    """Found, wrong class, badly placed, elsewhere, no answer."""
    truths = [truth_of(("cat", BOX))] * 3 + [truth_of(("dog", BOX))] * 2
    answers = [
        answer_of(("dog", shifted(90), 0.1), ("cat", shifted(8), 0.9)),
        answer_of(("dog", BOX, 0.8)),
        answer_of(("cat", shifted(20), 0.7)),
        answer_of(("dog", shifted(100), 0.6)),
        answer_of(),
    ]
    return answers, truths


def test_figures_by_hand(mixed):
    found = place_scores(*mixed, NAMES, "test", rows=np.array([3, 1, 4, 15, 9]))
    ious = [32 / 48, 1.0, 20 / 60, 0.0, 0.0]
    assert found.headline == "mean_iou" and found.main.value == pytest.approx(np.mean(ious))
    assert (found["iou50"].value, found["right"].value, found["class_accuracy"].value) == (0.4, 0.2, 0.6)
    assert (found["iou50"].low, found["iou50"].high) == pytest.approx(wilson(2, 5))
    # Centres are 8, 0, 20 and 100 pixels apart in pictures of 100 × 200; the fifth has no answer.
    assert found["centre_distance"].value == pytest.approx(32 / np.hypot(100, 200)) and found["centre_distance"].n == 4
    assert found.per_class["cat"]["mean_iou"].value == pytest.approx(np.mean(ious[:3]))
    assert found.per_class["dog"]["right"].value == 0 and found.per_class["dog"]["right"].n == 2
    assert found.tables["errors"] == {
        "found": 1, "missed": 1, "background": 1, "wrong_class": 1, "badly_placed": 1, "double": 0
    }  # fmt: skip
    assert [(one["row"], one["right"]) for one in found.tables["worst"]] == [
        (9, False), (15, False), (4, False), (3, True), (1, False)
    ]  # fmt: skip
    assert found.tables["confusion"]["counts"] == confusion_matrix([0, 0, 0, 1], [0, 1, 0, 1]).tolist()
    assert any("given no box" in sentence for sentence in found.warnings)
    assert scores_from_dict(json.loads(json.dumps(found.as_dict(), allow_nan=False))) == found


def test_the_interval_of_the_mean_iou_covers():
    """400 draws of 60 pictures from a known spread of IoU: 95 % ± 3 standard errors, and not wider than needed."""
    source, hits, wide = np.random.default_rng(0), 0, []
    for _ in range(400):
        moves = source.uniform(0, 40, 60)
        answers = [answer_of(("cat", shifted(by), 0.5)) for by in moves]
        figure = place_scores(answers, [truth_of(("cat", BOX))] * 60, NAMES, "test", resamples=400).main
        # IoU of a shift by s is (40 - s) / (40 + s); its mean over s uniform in 0..40 is 2 ln 2 - 1.
        hits += figure.low <= 2 * np.log(2) - 1 <= figure.high
        wide.append(figure.high - figure.low)
    assert 367 <= hits <= 393
    spread = np.sqrt(3 - 4 * np.log(2) - (2 * np.log(2) - 1) ** 2)
    assert np.mean(wide) == pytest.approx(2 * 1.96 * spread / np.sqrt(60), rel=0.1)


def test_pictures_without_exactly_one_thing_are_left_out_aloud():
    two = truth_of(("cat", BOX), ("dog", BOX))
    crowd = truth_of(("cat", BOX), ("dog", shifted(50)), crowd=[False, True])
    answers = [answer_of(("cat", BOX, 0.9))] * 3
    found = place_scores(answers, [two, crowd, truth_of(("cat", BOX))], NAMES, "test")
    assert (
        found.main.n == 2 and found.main.value == 1 and "1 test pictures do not hold exactly one" in found.warnings[0]
    )
    assert found.per_class["dog"] == {}
    with pytest.raises(DataError, match="nothing to score"):
        place_scores(answers[:1], [two], NAMES, "test")


def test_trivial_boxes():
    known = [truth_of(("cat", (0, 0, 40, 20))), truth_of(("cat", (0, 0, 10, 30)), height=50, width=50)]
    # In shares: (0, 0, 0.2, 0.2) and (0, 0, 0.2, 0.6): the mean is (0, 0, 0.2, 0.4).
    asked = [truth_of(("dog", (0, 0, 100, 40)), height=100, width=500), truth_of(("cat", (100, 0, 200, 100)))]
    found = place_trivial(known, asked, NAMES, "validation")
    assert found[MEAN_BOX].value == pytest.approx(0.5) and found[MEAN_BOX].n == 2
    assert found[WHOLE_PICTURE].value == pytest.approx((0.08 + 0.5) / 2)
    assert place_trivial([], asked, NAMES, "validation").notes
