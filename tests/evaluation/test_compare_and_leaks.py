import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test

from glassnet.evaluation.compare import (
    compare,
    compare_scores,
    comparison_from_dict,
    flipped_signs,
    holm,
    mcnemar,
    paired_difference,
)
from glassnet.evaluation.leaks import leak_price, leak_price_from_dict


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_the_exact_binomial_test(b, c):
    expected = binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(b, c) == mcnemar(c, b)


def test_mcnemar_survives_many_disagreements():
    assert mcnemar(5000, 5000) == 1.0
    assert 0 < mcnemar(4700, 5300) < 1e-8


def rights(both, b, c, neither):
    first = np.r_[np.ones(both), np.ones(b), np.zeros(c), np.zeros(neither)].astype(bool)
    second = np.r_[np.ones(both), np.zeros(b), np.ones(c), np.zeros(neither)].astype(bool)
    return first, second


def test_two_networks_are_told_apart_or_not():
    better = compare(*rights(80, 15, 2, 3), "test", ("wide", "narrow"))
    assert better.difference.value == pytest.approx(0.13) and better.difference.low > 0
    assert better.sentence.startswith("Wide is better than narrow by 13.0 points")
    worse = compare(*rights(80, 2, 15, 3), "test", ("wide", "narrow"))
    assert worse.difference.high < 0 and worse.sentence.startswith("Narrow is better")
    same = compare(*rights(90, 3, 3, 4), "test")
    assert same.p == 1.0 and "cannot be told apart" in same.sentence
    never = compare(*rights(50, 0, 0, 0), "test")
    assert never.difference.value == 0 and -0.1 < never.difference.low < 0 < never.difference.high < 0.1
    assert comparison_from_dict(json.loads(json.dumps(better.as_dict()))) == better
    with pytest.raises(ValueError, match="same pictures"):
        compare(np.ones(3, bool), np.ones(4, bool), "test")


def test_the_interval_of_a_paired_difference_covers():
    """1,000 draws of 150 pictures with b = 12 %, c = 6 %: 950 ± 3 standard errors."""
    draws = np.random.default_rng(0).multinomial(150, [0.7, 0.12, 0.06, 0.12], size=1000)
    found = [compare(*rights(*draw), "test").difference for draw in draws]
    assert 929 <= sum(f.low <= 0.06 <= f.high for f in found) <= 975


def test_paired_differences_ignore_what_both_share():
    source = np.random.default_rng(0)
    hard = source.exponential(3, 500)
    figure = paired_difference(hard + 0.1 + source.normal(0, 0.2, 500), hard, "test")
    assert figure.low < 0.1 < figure.high
    # Twice 1.96 standard errors of 0.2 / sqrt(500); of `hard` alone they would be fifteen times as wide.
    assert figure.high - figure.low == pytest.approx(2 * 1.96 * 0.2 / 500**0.5, rel=0.15)


def fisher(differences, draws):
    """Two-sided p by SciPy: signs flipped, the statistic the distance of the mean from 0."""
    found = permutation_test(
        (differences,), lambda d: abs(d.mean()), permutation_type="samples", n_resamples=draws, alternative="greater",
        rng=np.random.default_rng(1),
    )  # fmt: skip
    return found.pvalue


def test_flipped_signs_are_fishers_test():
    source = np.random.default_rng(0)
    for n in (4, 9, 13):
        differences = source.normal(0.3, 0.5, n).round(2)
        assert flipped_signs(differences) == pytest.approx(fisher(differences, np.inf))
    many = source.normal(0.06, 0.3, 80)
    assert flipped_signs(many) == pytest.approx(fisher(many, 20_000), abs=0.015)
    assert flipped_signs(np.zeros(5)) == 1 and flipped_signs(np.full(100, 0.1)) == 1e-4
    # Eleven ups and two downs of one size are a sign test: 2 × 92 of 8192.
    assert flipped_signs(np.r_[np.full(11, 0.1), np.full(2, -0.1)]) == pytest.approx(184 / 8192)


def test_two_networks_are_compared_by_the_scores_of_their_pictures():
    source = np.random.default_rng(0)
    second = source.beta(5, 2, 120)
    first = (second + source.normal(0.04, 0.08, 120)).clip(0, 1)
    found = compare_scores(first, second, "test", ("wide", "narrow"), what="mean IoU of a picture")
    assert found.sentence.startswith("Wide is better than narrow by the mean IoU of a picture (difference +0.0")
    assert found.difference.low > 0 and found.p < 0.01 and found.only_first > found.only_second
    assert found.difference == paired_difference(first, second, "test")
    back = compare_scores(second, first, "test", ("narrow", "wide"))
    assert back.sentence.startswith("Wide is better than narrow") and back.difference.high < 0
    assert "cannot be told apart" in compare_scores(first, first, "test").sentence
    assert comparison_from_dict(json.loads(json.dumps(found.as_dict()))) == found
    with pytest.raises(ValueError, match="same pictures"):
        compare_scores(first, second[:-1], "test")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_never_below_the_plain_value_nor_above_bonferroni(p_values):
    found = holm(p_values)
    for p, corrected in zip(p_values, found, strict=True):
        assert p <= corrected <= min(1.0, len(p_values) * p)
    order = np.argsort(p_values, kind="stable")
    assert np.all(np.diff(np.array(found)[order]) >= 0)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_leak_is_priced_against_the_clean_pictures():
    leaked = np.r_[np.ones(100, bool), np.zeros(300, bool)]
    right = np.r_[np.ones(96), np.zeros(4), np.ones(240), np.zeros(60)].astype(bool)
    price = leak_price(right, leaked)
    assert (price.whole.value, price.clean.value, price.leaked.value) == (0.84, 0.8, 0.96)
    assert price.flattery.value == pytest.approx(0.04) and price.flattery.low > 0
    assert "flatters the score by 4.0 points" in price.sentence and "Quote 0.800" in price.sentence
    assert leak_price_from_dict(json.loads(json.dumps(price.as_dict()))) == price


def test_leaks_that_change_nothing_none_at_all_and_nothing_but():
    right = np.arange(200) % 5 > 0
    even = leak_price(right, np.arange(200) < 20)
    assert even.flattery.low < 0 < even.flattery.high and "chance can explain" in even.sentence
    none = leak_price(right, np.zeros(200, bool))
    assert none.clean.value == none.whole.value and none.leaked is None and "No test picture leaked" in none.sentence
    every = leak_price(right, np.ones(200, bool))
    assert every.clean is None and "says nothing about new pictures" in every.sentence
    for price in (none, every):
        assert leak_price_from_dict(json.loads(json.dumps(price.as_dict()))) == price


def test_a_leak_of_pictures_with_scores_is_priced_by_their_mean():
    source = np.random.default_rng(0)
    leaked = np.arange(200) < 50
    scores = np.where(leaked, source.uniform(0.8, 1, 200), source.uniform(0.4, 0.8, 200))
    price = leak_price(scores, leaked, "validation", what="mean IoU of a picture")
    assert price.whole.value == pytest.approx(scores.mean()) and price.clean.value == pytest.approx(scores[50:].mean())
    assert price.flattery.value == pytest.approx(scores.mean() - scores[50:].mean()) and price.flattery.low > 0
    assert "The mean IoU of a picture is 0.6" in price.sentence and "flatters the scores by 0.0" in price.sentence
    assert "ccuracy" not in price.sentence and "bootstrap" in price.flattery.method
    assert leak_price_from_dict(json.loads(json.dumps(price.as_dict()))) == price
    assert "chance can explain" in leak_price(source.uniform(0, 1, 200), leaked).sentence
    assert leak_price(scores, ~leaked & leaked).flattery is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        leak_price(scores + 1, leaked)
