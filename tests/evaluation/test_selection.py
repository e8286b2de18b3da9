"""Which combinations may be the best, how much choosing flatters, and the chances that both rest on."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from glassnet.evaluation.selection import Outcome, cheapest, distinguishable, optimism, repeat_intervals
from glassnet.evaluation.signs import coins_above, signs_above
from glassnet.evaluation.student import largest_above, quantile


def by_seeds(source, means, deviations, repeats):
    deviations = np.broadcast_to(deviations, np.shape(means))
    return [
        Outcome(i, {}, tuple(source.normal(mean, deviation, repeats)))
        for i, (mean, deviation) in enumerate(zip(means, deviations, strict=True), 1)
    ]


def by_pictures(source, skills, n, soft=False):
    """Networks that look at the same n pictures: most of what is hard for one is hard for all."""
    seen = 0.8 * source.normal(size=n) + 0.6 * source.normal(size=(len(skills), n)) + np.asarray(skills)[:, None]
    marks = (1 / (1 + np.exp(-3 * seen)) if soft else seen > 0).astype(np.float32)
    return [Outcome(i, {}, (float(row.mean()),), 1.0, (row,)) for i, row in enumerate(marks, 1)]


def share_kept(draws, best):
    """How often one of `best` is kept, out of draws of outcomes."""
    found = [bool(best & set(distinguishable(outcomes).not_distinguishable)) for outcomes in draws]
    return np.mean(found)


# The chances


@pytest.mark.parametrize("freedom", [2, 3, 12, 200])
def test_one_other_is_students_t(freedom):
    for t in (-2.0, 0.0, 0.5, 2.0, 5.0):
        assert largest_above(t, (3,), 3, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=2e-5)
    assert quantile(0.975, freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-5)


def test_many_others_are_dunnetts_test():
    source = np.random.default_rng(0)
    sizes = (3, 5, 2, 4)
    samples = [source.normal(0.3 * (i == 0), 1, size) for i, size in enumerate(sizes)]
    control = source.normal(-0.5, 1, 3)
    freedom = sum(sizes) + 3 - 5
    pooled = (sum(np.var(s) * len(s) for s in samples) + np.var(control) * 3) / freedom
    t = max((s.mean() - control.mean()) / math.sqrt(pooled * (1 / len(s) + 1 / 3)) for s in samples)
    theirs = stats.dunnett(*samples, control=control, alternative="greater", random_state=1).pvalue.min()
    assert largest_above(t, sizes, 3, freedom) == pytest.approx(theirs, abs=2e-3)


def test_chances_of_coins_are_exact():
    for heads, n in ((0, 5), (5, 10), (3, 10), (60, 100), (5200, 10_000), (9000, 10_000)):
        assert coins_above(heads, n) == pytest.approx(stats.binom.sf(heads - 1, n, 0.5), rel=1e-9)


def test_flipped_signs_agree_with_counting_all_of_them():
    source = np.random.default_rng(3)
    for n in (6, 12, 17, 18):
        differences = source.gamma(1, 1, n) * source.choice([-1, 1], n, p=[0.3, 0.7])
        signs = np.array(list(itertools.product([-1, 1], repeat=n)))
        exact = (signs @ np.abs(differences) >= differences.sum() - 1e-9).mean()
        assert signs_above(differences) == pytest.approx(exact, rel=1e-12 if n <= 15 else 0.08)


def test_flipped_signs_far_out_agree_with_drawing():
    source = np.random.default_rng(4)
    differences = source.uniform(-1.1, 1, 300)
    flips = source.choice([-1.0, 1.0], (50_000, 300)) @ np.abs(differences)
    drawn = (flips >= differences.sum()).mean()
    assert 1e-4 < drawn < 0.05
    assert signs_above(differences) == pytest.approx(drawn, rel=0.1)
    assert signs_above(-differences) == pytest.approx(1 - drawn, rel=0.01)


def test_flipped_signs_at_the_edges():
    assert signs_above(np.zeros(5)) == 1.0
    assert signs_above(np.ones(12)) == pytest.approx(2.0**-12)
    assert 0 < signs_above(np.linspace(0.1, 1, 3000)) < 1e-200
    assert signs_above(np.concatenate([np.linspace(0.1, 1, 50), -np.linspace(0.1, 1, 50)])) == pytest.approx(0.5)


# The set that holds the best


@pytest.mark.parametrize(("k", "repeats"), [(2, 3), (6, 3), (14, 2)])
@pytest.mark.parametrize("shape", ["barely the best", "others often fail", "others are dead", "the best moves more"])
def test_with_repeats_the_truly_best_is_kept(k, repeats, shape):
    source = np.random.default_rng(k * 10 + repeats)
    half = max(1, k // 2)
    means, deviations = np.full(k, 0.80), np.full(k, 0.01)
    means[0] = 0.803
    if shape == "others often fail":
        means[half:], deviations[half:] = 0.5, 0.2
    elif shape == "others are dead":
        means[half:], deviations[half:] = 0.1, 0.0
    elif shape == "the best moves more":
        deviations[0] = 0.02
    draws = [by_seeds(source, means, deviations, repeats) for _ in range(300)]
    # Three standard errors of 300 draws around 95 %.
    assert share_kept(draws, {1}) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 300)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize(("k", "n"), [(2, 150), (12, 400)])
def test_with_marks_the_truly_best_is_kept(k, n, soft):
    source = np.random.default_rng(k + n)
    skills = np.full(k, 0.8)
    draws = [by_pictures(source, skills, n, soft) for _ in range(300)]
    # All are equal: each single one must be kept as often as promised, as if it alone were the best.
    assert share_kept(draws, {1}) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 300)


def test_clearly_worse_ones_are_told_apart():
    source = np.random.default_rng(5)
    found = distinguishable(by_seeds(source, [0.8, 0.801, 0.7, 0.6, 0.3], [0.005, 0.005, 0.005, 0.005, 0.2], 4))
    assert {1, 2} <= set(found.not_distinguishable)
    assert not {3, 4} & set(found.not_distinguishable)
    assert found.p[4] < found.p[3] < 0.05 < found.p[found.best]
    marked = distinguishable(by_pictures(source, [0.8, 0.8, 0.1, 0.2], 1000))
    assert set(marked.not_distinguishable) == {1, 2}
    assert "1,000 validation pictures" in marked.test
    assert "seed" in marked.test


def test_failing_neighbours_do_not_blur_the_good_ones():
    """One in three learning rates makes some seeds fail; the others differ by ten standard deviations and are told apart."""
    source = np.random.default_rng(6)
    good = by_seeds(source, [0.90, 0.85, 0.80, 0.75], 0.005, 3)
    failing = [Outcome(5, {}, (0.1, 0.75, 0.5)), Outcome(6, {}, (0.7, 0.1, 0.1))]
    assert not {2, 3, 4} & set(distinguishable(good + failing).not_distinguishable)


def test_one_with_a_failed_seed_is_not_called_worse_too_soon():
    source = np.random.default_rng(7)
    steady = by_seeds(source, [0.90, 0.90, 0.90, 0.90], 0.005, 3)
    assert 5 in distinguishable([*steady, Outcome(5, {}, (0.95, 0.94, 0.60))]).not_distinguishable


def test_unequal_repeats_and_missing_scores():
    outcomes = [
        Outcome(1, {}, (0.90, 0.91, 0.92)),
        Outcome(2, {}, (0.90, 0.92)),
        Outcome(3, {}, (0.5,)),
        Outcome(4, {}, ()),
        Outcome(5, {}, (math.nan,)),
        Outcome(6, {}, (0.89, math.nan, 0.90)),
    ]
    found = distinguishable(outcomes)
    assert set(found.p) == {1, 2, 3, 6}
    assert 3 not in found.not_distinguishable
    assert found.not_distinguishable[0] == found.best == 1 or found.best == 2


def test_without_repeats_and_marks_nothing_is_said():
    found = distinguishable([Outcome(1, {}, (0.9,)), Outcome(2, {}, (0.1,))])
    assert found.not_distinguishable == (1, 2)
    assert found.test.startswith("Nothing can be said")
    assert found.p == {}
    # Repeats that never move, as a deterministic task gives, say nothing of chance either.
    assert distinguishable([Outcome(1, {}, (0.9, 0.9)), Outcome(2, {}, (0.1, 0.1))]).p == {}


def test_one_or_none_with_a_score():
    assert distinguishable([Outcome(7, {}, (0.5,)), Outcome(8, {}, ())]).not_distinguishable == (7,)
    with pytest.raises(ValueError, match="no combination"):
        distinguishable([Outcome(8, {}, ())])


def test_those_without_marks_stay_and_are_named():
    outcomes = by_pictures(np.random.default_rng(8), [1.2, 1.0, -1.0], 300)
    found = distinguishable([*outcomes, Outcome(9, {}, (0.2,))])
    assert 9 in found.not_distinguishable
    assert 3 not in found.not_distinguishable
    assert "1 without marks" in found.test


def test_the_cheapest_is_looked_for_among_the_best_only():
    outcomes = [
        Outcome(1, {}, (0.90, 0.91, 0.92), 300.0),
        Outcome(2, {}, (0.90, 0.91, 0.91), 20.0),
        Outcome(3, {}, (0.40, 0.41, 0.42), 1.0),
        Outcome(4, {}, (0.89, 0.91, 0.90), math.nan),
    ]
    found = distinguishable(outcomes)
    assert cheapest(outcomes, found) == 2
    assert cheapest([Outcome(1, {}, (0.9,))], distinguishable([Outcome(1, {}, (0.9,))])) == 1


def test_intervals_over_repeats_hold_the_mean():
    source, held = np.random.default_rng(9), []
    means = np.linspace(0.6, 0.8, 10)
    for _ in range(100):
        found = repeat_intervals(by_seeds(source, means, 0.01, 3))
        held += [found[i][0] <= mean <= found[i][1] for i, mean in enumerate(means, 1)]
    assert np.mean(held) >= 0.94
    assert repeat_intervals([Outcome(1, {}, (0.5,)), Outcome(2, {}, (0.6,))]) == {}


# The flattery


def test_optimism_is_what_the_best_really_loses():
    """Equal networks with skill of their own per picture: the best of 20 on 100 pictures flatters by what fresh pictures show."""
    source, said, true = np.random.default_rng(10), [], []
    for seed in range(60):
        marks = (source.random((20, 100)) < 0.7).astype(np.float32)
        outcomes = [Outcome(i, {}, (float(row.mean()),), 1.0, (row,)) for i, row in enumerate(marks)]
        figure = optimism(outcomes, seed, resamples=200)
        assert figure.low <= figure.value <= figure.high
        said.append(figure.value)
        true.append(marks.mean(1).max() - 0.7)
    assert np.mean(said) == pytest.approx(np.mean(true), abs=0.015)
    assert np.mean(true) > 0.06


def test_optimism_is_small_where_the_best_is_clear():
    outcomes = by_pictures(np.random.default_rng(11), [1.5, 0.0, -0.5, -1.0], 2000)
    assert abs(optimism(outcomes, 0).value) < 0.003
    assert optimism(outcomes, 0) == optimism(outcomes, 0)


def test_optimism_needs_marks():
    assert optimism([Outcome(1, {}, (0.5,)), Outcome(2, {}, (0.6,))], 0) is None
    one = by_pictures(np.random.default_rng(12), [1.0], 50)
    assert optimism(one, 0) is None
    marks = np.full(50, np.nan, np.float32)
    assert optimism([*one, Outcome(2, {}, (0.5,), 1.0, (marks,))], 0) is None
