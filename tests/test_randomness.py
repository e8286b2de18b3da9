"""Randomness depends on (seed, epoch, example, purpose) and on nothing else."""

import numpy as np

from glassnet import randomness


def test_a_draw_does_not_depend_on_who_else_is_in_the_batch():
    rows = np.array([7, 1, 123456, 0])
    together = randomness.uniform(3, 5, rows, "flip", 4)
    for i, row in enumerate(rows):
        assert np.array_equal(randomness.uniform(3, 5, np.array([row]), "flip", 4)[0], together[i])


def test_seed_epoch_purpose_and_example_all_matter():
    draws = {
        randomness.uniform(seed, epoch, np.array([row]), purpose)[0, 0]
        for seed in (0, 1)
        for epoch in (0, 1)
        for row in (0, 1)
        for purpose in ("flip", "order")
    }
    assert len(draws) == 16


def test_draws_are_uniform_and_uncorrelated():
    draws = randomness.uniform(0, 0, np.arange(100_000), "check", 3)
    assert draws.min() >= 0 and draws.max() < 1
    counts = np.histogram(draws, bins=50, range=(0, 1))[0]
    expected = draws.size / 50
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert chi_squared < 85.4  # 99.9 % point of chi-squared with 49 degrees of freedom
    assert np.abs(np.corrcoef(draws, rowvar=False) - np.eye(3)).max() < 0.0135  # four standard errors of 1/sqrt(n)


def test_the_order_is_a_permutation_and_changes_with_the_epoch():
    first, second = (randomness.permutation(0, epoch, 1000, "order") for epoch in (0, 1))
    assert np.array_equal(np.sort(first), np.arange(1000))
    assert not np.array_equal(first, second)


def test_values_are_the_same_on_every_machine_and_version():
    assert randomness.key(0, 0, "order") == 2528066330181100363
    assert randomness.words(1, 2, np.array([3]), "flip")[0, 0] == 15270902162550752100
