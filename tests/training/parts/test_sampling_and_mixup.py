"""Orders of visit with exact counts, class weights, and mixup draws."""

import numpy as np
import pytest
import torch

from glassnet.errors import DataError
from glassnet.training import mixup, sampling

ROWS = np.arange(100, 165)
TARGETS = np.repeat([0, 2, 3], [50, 10, 5])


def test_a_shuffled_epoch_visits_each_row_once_and_every_epoch_differently():
    orders = [sampling.order(ROWS, None, 7, epoch) for epoch in range(3)]
    for one in orders:
        assert np.array_equal(np.sort(one), ROWS)
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[1], sampling.order(ROWS, None, 7, 1))
    assert not np.array_equal(orders[1], sampling.order(ROWS, None, 8, 1))


def test_a_balanced_epoch_has_exact_counts_and_rows_take_turns():
    name = dict(zip(ROWS, TARGETS, strict=True))
    seen = dict.fromkeys(ROWS, 0)
    places = np.zeros(4, int)
    for epoch in range(12):
        order = sampling.order(ROWS, TARGETS, 3, epoch, balanced=True)
        counts = np.bincount([name[row] for row in order], minlength=4)
        assert len(order) == 65
        assert sorted(counts) == [0, 21, 22, 22]
        places += counts
        for row in order:
            seen[row] += 1
        for members in (ROWS[:50], ROWS[50:60], ROWS[60:]):
            visits = [seen[row] for row in members]
            assert max(visits) - min(visits) <= 1, "within a class nobody is seen twice more often"
    assert list(places) == [260, 0, 260, 260], "the odd places wander, so that three epochs are exactly balanced"


def test_balanced_order_is_mixed_and_needs_classes():
    order = sampling.order(ROWS, TARGETS, 0, 0, balanced=True)
    first = np.bincount(TARGETS[order[:30] - 100], minlength=4)
    assert first[[0, 2, 3]].min() >= 4
    with pytest.raises(DataError):
        sampling.order(ROWS, None, 0, 0, balanced=True)


def test_the_easiest_are_left_out_in_the_middle_only():
    visit = np.array([5, 3, 9, 1, 7, 0, 2, 8])
    losses = np.arange(10) / 10.0
    losses[[1, 5]] = np.nan
    assert sampling.without_easy(visit, losses, 0.375, 0.5).tolist() == [5, 9, 1, 7, 8]  # without 0, 2, 3; 1 is unknown
    assert sampling.without_easy(visit, losses, 0.375, 0.05) is visit
    assert sampling.without_easy(visit, losses, 0.375, 0.95) is visit
    assert sampling.without_easy(visit, losses, 0.0, 0.5) is visit
    assert sampling.without_easy(visit, np.full(10, np.nan), 0.5, 0.5).tolist() == visit.tolist()


def test_class_weights_give_every_class_the_same_say():
    weights = sampling.class_weights(np.bincount(TARGETS, minlength=5))
    assert weights == pytest.approx([65 / 150, 0, 65 / 30, 65 / 15, 0])
    assert weights.dtype == np.float32
    assert weights[TARGETS].mean() == pytest.approx(1)


@pytest.mark.parametrize("alpha", [0.1, 0.4, 1.0, 3.0])
def test_mixup_weights_are_the_folded_beta_distribution(alpha):
    mix = mixup.draw(alpha, 0, 0, np.arange(40_000), np.arange(50, 90))
    distance = (mix.weights - 0.5) ** 2  # folding keeps it; its mean is the variance of Beta(alpha, alpha)
    assert distance.mean() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.02)
    reference = np.random.default_rng(0).beta(alpha, alpha, 400_000)
    quantiles = np.linspace(0.05, 0.95, 10)
    folded = np.quantile(np.maximum(reference, 1 - reference), quantiles)
    assert np.quantile(mix.weights, quantiles) == pytest.approx(folded, abs=0.01)
    assert set(mix.partners) == set(range(50, 90))


def test_mixup_draws_depend_on_the_row_and_blend_what_they_say():
    train = np.arange(30)
    mix = mixup.draw(0.5, 1, 2, np.array([4, 9, 20]), train)
    alone = mixup.draw(0.5, 1, 2, np.array([9]), train)
    assert (mix.partners[1], mix.weights[1]) == (alone.partners[0], alone.weights[0])
    own, partner = torch.rand(3, 1, 2, 2), torch.rand(3, 1, 2, 2)
    w = torch.from_numpy(mix.weights)[:, None, None, None]
    torch.testing.assert_close(mixup.pixels(own, partner, mix), w * own + (1 - w) * partner)
    blended = mixup.targets(torch.tensor([0, 1, 2]), torch.tensor([2, 1, 0]), mix, 3).numpy()
    expected = np.zeros((3, 3))
    for k, (a, b) in enumerate([(0, 2), (1, 1), (2, 0)]):
        expected[k, a] += mix.weights[k]
        expected[k, b] += 1 - mix.weights[k]
    assert blended == pytest.approx(expected, abs=1e-6)
