import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from glassnet.evaluation.compare import compare, comparison_from_dict, holm, mcnemar, paired_difference
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
