import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from glassnet.evaluation import intervals


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy_and_contains_the_rate(pair):
    successes, n = pair
    low, high = intervals.wilson(successes, n)
    expected = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert low == pytest.approx(expected.low, abs=1e-12)
    assert high == pytest.approx(expected.high, abs=1e-12)
    assert 0 <= low <= successes / n <= high <= 1


def test_wilson_at_the_ends_has_the_closed_form():
    z2 = 1.959963984540054**2
    assert intervals.wilson(20, 20) == (pytest.approx(20 / (20 + z2), abs=1e-12), 1.0)
    assert intervals.wilson(0, 20) == (0.0, pytest.approx(z2 / (20 + z2), abs=1e-12))


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_a_rate_over_nothing_is_refused(successes, n):
    with pytest.raises(ValueError, match="rate needs"):
        intervals.wilson(successes, n)


def test_difference_of_rates_reproduces_newcombes_published_example():
    # Newcombe 1998, example (a), method 10: 56/70 - 48/80 = 0.20, limits 0.0524 and 0.3339.
    first, second = ((s / n, *intervals.wilson(s, n)) for s, n in ((56, 70), (48, 80)))
    value, low, high = intervals.difference_of_rates(first, second)
    assert (value, low, high) == (pytest.approx(0.2), pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_resampled_weights_are_n_draws_each_and_repeatable():
    blocks = list(intervals.resampled_weights(1500, 1000, 3, "x"))
    weights = np.concatenate(blocks)
    assert weights.shape == (1000, 1500) and len(blocks) > 1
    assert (weights.sum(1) == 1500).all()
    # Each weight is Binomial(n, 1/n): mean 1 and variance 1 - 1/n, here over 1.5 million of them (standard errors 0.0008, 0.0014).
    assert weights.var() == pytest.approx(1 - 1 / 1500, abs=0.008)
    assert np.array_equal(weights, np.concatenate(list(intervals.resampled_weights(1500, 1000, 3, "x"))))
    assert not np.array_equal(weights[:5], next(intervals.resampled_weights(1500, 5, 4, "x")))


def test_bootstrap_of_a_mean_has_the_width_of_its_standard_error():
    values = np.random.default_rng(1).normal(size=4000)
    low, high = intervals.bootstrap(lambda w: w @ values / w.sum(1), 4000, values.mean(), 0, "mean")
    # The quantile of 1000 resamples has a standard error of about 4 % of this width.
    assert high - low == pytest.approx(2 * intervals.Z * values.std() / math.sqrt(4000), rel=0.12)


def test_bca_equals_scipy_for_a_skewed_mean():
    from scipy.stats import bootstrap as oracle

    values = np.random.default_rng(2).exponential(size=40)
    samples = np.concatenate([w @ values for w in intervals.resampled_weights(40, 20_000, 0, "bca")]) / 40
    low, high = intervals.bca(samples, values.mean(), values - values.mean())
    expected = oracle(
        (values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    # Two runs of 20,000 resamples differ in their quantiles by about 1 % of the width.
    width = expected.high - expected.low
    assert low == pytest.approx(expected.low, abs=0.04 * width)
    assert high == pytest.approx(expected.high, abs=0.04 * width)
    plain_low, plain_high = intervals.percentile(samples, values.mean())
    assert low > plain_low and high > plain_high  # skewed to the right, so both ends move right


def test_bootstrap_covers_the_truth_as_often_as_it_says():
    """500 experiments of 200 pictures with a skewed loss of mean 1: 475 ± 3.5 standard errors of 4.9."""
    source = np.random.default_rng(5)
    covered = 0
    for trial in range(500):
        losses = source.gamma(2.0, 0.5, 200)
        samples = np.concatenate([w @ losses for w in intervals.resampled_weights(200, 400, trial, "coverage")]) / 200
        low, high = intervals.bca(samples, losses.mean(), losses - losses.mean())
        covered += low <= 1.0 <= high
    assert 458 <= covered <= 492


def test_percentile_leaves_out_resamples_without_the_figure_and_refuses_when_most_lack_it():
    samples = np.array([np.nan] * 40 + [0.2] * 60)
    assert intervals.percentile(samples, 0.2) == (0.2, 0.2)
    with pytest.raises(ValueError, match="most resamples"):
        intervals.percentile(np.array([np.nan] * 60 + [0.2] * 40), 0.2)


def test_mean_of_rates_keeps_doubt_where_all_are_right():
    low, high = intervals.mean_of_rates([1, 1], *zip(*[intervals.wilson(20, 20)] * 2, strict=True))
    single = intervals.wilson(20, 20)[0]
    assert high == 1 and low == pytest.approx(1 - (1 - single) / math.sqrt(2))
