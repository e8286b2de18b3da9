import numpy as np
import pytest

from glassnet.data.truths import Truth
from glassnet.evaluation.instances import instance_scores
from glassnet.tasks.answers import Found, ThingsAnswer

NAMES = ("zero", "one", "two")


def disc(side, y, x, radius):
    rows, columns = np.ogrid[:side, :side]
    return (rows - y) ** 2 + (columns - x) ** 2 < radius**2


def truth_of(masks, labels=None, side=64):
    m = len(masks)
    return Truth(
        side,
        side,
        np.array(labels if labels is not None else [0] * m, np.int64),
        np.zeros((m, 4)),
        np.zeros(m, bool),
        masks,
    )


def answer_of(masks, scores, labels=None, side=64):
    labels = labels or ["zero"] * len(masks)
    things = [Found(n, s, (0.0, 0.0, 1.0, 1.0), m) for n, s, m in zip(labels, scores, masks, strict=True)]
    return ThingsAnswer(tuple(sorted(things, key=lambda thing: -thing.confidence)), side, side, 0.0)


def scored(answers, truths, classes=("zero",), threshold=0.5, **options):
    return instance_scores(answers, truths, classes, "test", threshold=threshold, resamples=50, **options)


def test_figures_equal_those_of_pycocotools(frozen):
    example, answers, truths = frozen
    scores = scored(answers, truths, NAMES)
    assert {name: scores[name].value for name in example["masks"]} == pytest.approx(example["masks"], abs=1e-12)
    for name, row in zip(NAMES, example["masks_by_class"], strict=True):
        assert {key: scores.per_class[name][key].value for key in row} == pytest.approx(row, abs=1e-12)


def test_masks_are_compared_and_not_their_boxes():
    ring = disc(64, 30, 30, 20) & ~disc(64, 30, 30, 15)
    scores = scored([answer_of([disc(64, 30, 30, 20)], [0.9])], [truth_of([ring])])
    assert scores["AP50"].value == 0 and scores.tables["errors"]["badly_placed"] == 1


def test_means_over_overlaps_by_hand():
    # Overlaps: first thing 1, second 24 / 32 = 0.75, which is found at 0.50 to 0.75 (six of ten), and one answer about nothing.
    first, second, nothing = np.zeros((3, 64, 64), bool)
    first[0:10, 0:10], second[20:24, 20:28], nothing[50:60, 50:60] = True, True, True
    part = second.copy()
    part[20, 20:28] = False
    given = answer_of([first, part, nothing], [0.9, 0.8, 0.7])
    scores = scored([given, answer_of([], [])], [truth_of([first, second]), truth_of([])], rows=np.array([5, 3]))
    dsb, f1 = (6 * 2 / 3 + 4 * 1 / 4) / 10, (6 * 4 / 5 + 4 * 2 / 5) / 10
    assert scores["dsb_score"].value == pytest.approx((dsb + 1) / 2)
    assert scores["mean_f1_ious"].value == pytest.approx((f1 + 1) / 2)
    assert scores["dsb_score"].threshold == 0.5
    assert scores.tables["worst"][0]["row"] == 5 and scores.tables["worst"][0]["dsb_score"] == pytest.approx(dsb)
    higher = scored([given, answer_of([], [])], [truth_of([first, second]), truth_of([])], threshold=0.75)
    assert higher["dsb_score"].value > scores["dsb_score"].value


def test_perfect_masks_give_one_for_pixels_of_any_shape():
    source = np.random.default_rng(0)
    maps = [source.integers(0, 5, (64, 64)) for _ in range(11)]
    masks = [[numbered == i for i in range(1, 5)] for numbered in maps]
    scores = scored(
        [answer_of(each, [0.9, 0.8, 0.7, 0.6]) for each in masks], [truth_of(each) for each in masks], threshold=0.5
    )
    for name in ("AP", "AP50", "mean_f1_ious", "dsb_score", "precision", "recall"):
        assert scores[name].value == pytest.approx(1) and scores[name].low < 0.8


def test_many_things_in_large_pictures_come_from_generators():
    """Sixty masks of 520 × 704 pixels a picture; nothing but run lengths is kept of them."""
    side_y, side_x = 520, 704

    def masks(shift):
        for i in range(60):
            mask = np.zeros((side_y, side_x), bool)
            y, x = 50 * (i // 10) + shift, 60 * (i % 10) + shift
            mask[y : y + 40, x : x + 40] = True
            yield mask

    def answers():
        for _ in range(3):
            things = tuple(Found("zero", 0.9 - i / 100, (0.0, 0.0, 1.0, 1.0), mask) for i, mask in enumerate(masks(5)))
            yield ThingsAnswer(things, side_y, side_x, 0.0)

    def truths():
        for _ in range(3):
            yield Truth(side_y, side_x, np.zeros(60, np.int64), np.zeros((60, 4)), np.zeros(60, bool), list(masks(0)))

    scores = scored(answers(), truths(), threshold=0.1)
    # A square of 40 moved by 5 and 5: 35² / (2·40² - 35²) = 0.62, found at 0.50, 0.55 and 0.60.
    assert scores["AP50"].value == pytest.approx(1) and scores["AP"].value == pytest.approx(0.3)


def test_answers_without_masks_are_refused():
    without = ThingsAnswer((Found("zero", 0.9, (0.0, 0.0, 1.0, 1.0)),), 64, 64, 0.0)
    with pytest.raises(ValueError, match="has none"):
        scored([without], [truth_of([disc(64, 20, 20, 10)])])
