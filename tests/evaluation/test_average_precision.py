import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassnet.data.truths import Truth
from glassnet.evaluation.average_precision import accumulated, affordable, rankings, resampled
from glassnet.evaluation.coco import coco_ap
from glassnet.evaluation.intervals import reflected_share
from glassnet.evaluation.matching import matched
from glassnet.tasks.answers import Found, ThingsAnswer

CLASSES = ("a", "b", "c")


def test_weights_of_one_give_the_figures_of_the_library(scene):
    pictures = list(matched(*scene(60, seed=3), CLASSES, "box"))
    ranked, one = rankings(pictures, 3), np.ones((1, 60))
    ap, recall = coco_ap(pictures, 3, "box")
    for number, ranking in enumerate(ranked):
        for area in range(4):
            assert ranking.ap(one, area)[0] == pytest.approx(ap[number, area], abs=1e-12, nan_ok=True)
        for place, limit in enumerate((1, 10, 100)):
            assert ranking.recall(one, limit)[0] == pytest.approx(recall[number, place].mean(), abs=1e-12)
    figures = accumulated(ranked, one).figures
    assert np.isfinite(ap[:, 3]).any() and figures["AP_large"][0] == pytest.approx(np.nanmean(ap[:, 3]))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_weight_is_a_picture_drawn_as_often(scene, seed):
    answers, truths = scene(20, seed=seed)
    weights = np.random.default_rng(seed).integers(0, 4, 20)
    pictures = list(matched(answers, truths, CLASSES, "box"))
    drawn = accumulated(rankings(pictures, 3), weights[None].astype(float)).figures
    ap, recall = coco_ap([p for p, w in zip(pictures, weights, strict=True) for _ in range(w)], 3, "box")
    assert drawn["AP"][0] == pytest.approx(np.nanmean(ap[:, 0]), abs=1e-12)
    assert drawn["AP50"][0] == pytest.approx(np.nanmean(ap[:, 0, 0]), abs=1e-12)
    assert drawn["AP_medium"][0] == pytest.approx(np.nanmean(ap[:, 2]), abs=1e-12)
    assert drawn["AR_1"][0] == pytest.approx(np.nanmean(recall[:, 0]), abs=1e-12)


def test_many_classes_go_through_the_library_in_parts(scene):
    names = tuple(f"class {i:03}" for i in range(120))
    pictures = list(matched(*scene(80, names, seed=1), names, "box"))
    ap, _ = coco_ap(pictures, 120, "box")
    own = np.stack([ranking.ap(np.ones((1, 80)))[0] for ranking in rankings(pictures, 120)])
    assert ap.shape == (120, 4, 10)
    assert own == pytest.approx(ap[:, 0], abs=1e-12, nan_ok=True)


def test_resamples_are_repeatable_and_fewer_where_the_set_is_large(scene):
    pictures = list(matched(*scene(12), CLASSES, "box"))
    ranked = rankings(pictures, 3)
    first, again = resampled(ranked, 12, 5, 50), resampled(ranked, 12, 5, 50)
    assert all(np.array_equal(first.figures[name], again.figures[name], equal_nan=True) for name in first.figures)
    assert affordable(ranked) == 1000 and affordable(ranked * 3000) == 100


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_masks_overlap_by_their_pixels(height, width, seed, share):
    mask = np.random.default_rng(seed).random((height, width)) < share
    other = np.random.default_rng(seed + 1).random((height, width)) < 0.5
    union = (mask | other).sum()
    answer = ThingsAnswer((Found("a", 0.5, (0.0, 0.0, 1.0, 1.0), mask),), height, width, 0.0)
    truth = Truth(height, width, np.zeros(1, np.int64), np.zeros((1, 4)), np.zeros(1, bool), [other])
    (picture,) = matched([answer], [truth], ("a",), "mask")
    assert picture.ious[0, 0] == pytest.approx((mask & other).sum() / union if union else 0)


@given(st.floats(0, 1), st.integers(1, 300), st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_reflected_intervals_hold_their_value_within_zero_and_one(value, n, samples):
    low, high = reflected_share(np.array(samples), value, n)
    assert 0 <= low <= value <= high <= 1


def test_reflected_intervals_move_against_the_luck_of_resampling():
    samples = np.random.default_rng(0).normal(0.35, 0.02, 4000)  # resampling pushed 0.3 up to 0.35
    low, high = reflected_share(samples, 0.3, 90)
    assert low < 0.23 and high < 0.31
