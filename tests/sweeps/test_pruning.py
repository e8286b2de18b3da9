"""What is given up, when, and in which words."""

import math
import random

import pytest

from glassnet.errors import RecipeError
from glassnet.sweeps.pruning import KINDS, should_prune


def line(score, until=10, first=1):
    return [(epoch, score) for epoch in range(first, until + 1)]


FIELD = {number: line(number / 10) for number in range(1, 8)}  # 0.1 … 0.7, all to the end of ten epochs


def test_below_the_median_is_given_up_with_the_numbers():
    why = should_prune("median", 0, 9, 4, {**FIELD, 9: line(0.35, 4)}, 10)
    assert why == (
        "Given up after epoch 4: its best validation score, 0.35, is below 0.4, the median of the 7 others at that epoch."
    )
    assert should_prune("median", 0, 9, 4, {**FIELD, 9: line(0.4, 4)}, 10) is None


def test_the_best_epoch_so_far_counts_and_what_comes_later_does_not():
    fell = [(1, 0.1), (2, 0.6), (3, 0.2), (4, 0.2)]
    assert should_prune("median", 0, 9, 4, {**FIELD, 9: fell}, 10) is None
    rises = [*line(0.2, 4), (5, 0.9)]
    assert should_prune("median", 0, 9, 4, {**FIELD, 9: rises}, 10)
    assert should_prune("median", 0, 9, 5, {**FIELD, 9: rises}, 10) is None


def test_median_needs_company_a_grace_period_and_something_to_save():
    bad = {9: line(0.0)}
    few = {number: FIELD[number] for number in range(1, 4)}
    assert should_prune("median", 0, 9, 4, {**few, **bad}, 10) is None
    assert (
        should_prune("median", 0, 9, 4, {**few, 4: line(0.4, 3), **bad}, 10) is None
    )  # the fourth has not come as far
    assert should_prune("median", 0, 9, 4, {**few, 4: line(0.4, 4), **bad}, 10)
    assert should_prune("median", 0, 9, 2, {**FIELD, **bad}, 10) is None
    assert should_prune("median", 0, 9, 3, {**FIELD, **bad}, 10)
    assert should_prune("median", 0, 9, 10, {**FIELD, **bad}, 10) is None


def test_epochs_without_validation_leave_everything_as_it_is():
    gaps = {
        number: [(epoch, None if epoch % 2 else score) for epoch, score in curve] for number, curve in FIELD.items()
    }
    mine = [(1, math.nan), (2, 0.1), (3, None), (4, 0.1)]
    assert should_prune("median", 0, 9, 3, {**gaps, 9: mine}, 10) is None  # nothing new is known of it
    assert should_prune("median", 0, 9, 4, {**gaps, 9: mine}, 10)
    odd = {
        number: [(epoch, score) for epoch, score in curve if epoch in (1, 3, 6, 10)] for number, curve in FIELD.items()
    }
    assert should_prune("median", 0, 9, 4, {**odd, 9: line(0.1, 4)}, 10)  # the others' last score before epoch 4 stands
    for kind in KINDS:
        assert should_prune(kind, 0, 9, 4, {**FIELD, 9: []}, 10) is None
        assert should_prune(kind, 0, 9, 4, FIELD, 10) is None


def run(kind, seed, n, epochs, score):
    """Carry out a whole sweep, one combination after the other; return {number: (epochs done, why)}."""
    curves, ended = {}, {}
    for number in range(1, n + 1):
        curves[number] = []
        for epoch in range(1, epochs + 1):
            curves[number].append((epoch, score(number, epoch)))
            why = should_prune(kind, seed, number, epoch, curves, epochs)
            if why:
                break
        ended[number] = (epoch, why)
    return ended


@pytest.mark.parametrize("kind", KINDS)
def test_a_sweep_saves_epochs_and_keeps_its_best(kind):
    chance = random.Random(3)
    top = {number: chance.random() for number in range(1, 41)}
    ended = run(kind, 0, 40, 27, lambda number, epoch: top[number] * (1 - 0.7**epoch))
    best = max(top, key=top.__getitem__)
    assert ended[best] == (27, None)
    assert sum(epoch for epoch, _ in ended.values()) < 0.75 * 40 * 27
    given_up = {number for number, (_, why) in ended.items() if why}
    assert sum(top[number] for number in given_up) / len(given_up) < 0.5
    assert all(str(ended[number][0]) in ended[number][1] for number in given_up)


def test_hyperband_asks_at_its_epochs_only_and_deals_by_seed():
    ended = {seed: run("hyperband", seed, 40, 27, lambda number, epoch: -float(number)) for seed in (0, 1)}
    assert {epoch for epoch, why in ended[0].values() if why} == {1, 3, 9}
    assert sum(why is None for _, why in ended[0].values()) >= 4  # the first of each bracket; what follows is worse
    assert ended[0] != ended[1]
    assert all("best third of the" in why for _, why in ended[0].values() if why)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_curves_equal_answer_in_any_order(kind):
    chance = random.Random(5)
    curves = {number * 1000: [(epoch, chance.random()) for epoch in range(1, 28)] for number in range(1, 30)}
    turned = dict(reversed(curves.items()))
    for me in curves:
        for epoch in (1, 3, 9):
            assert should_prune(kind, 2, me, epoch, curves, 27) == should_prune(kind, 2, me, epoch, turned, 27)


def test_hyperband_waits_for_a_third_and_counts_its_bracket():
    curves = {1: line(0.9, 27), 2: line(0.1, 27)}
    assert all(should_prune("hyperband", 0, 2, epoch, curves, 27) is None for epoch in range(1, 28))


def test_an_unknown_kind_is_refused():
    with pytest.raises(RecipeError, match="median, hyperband"):
        should_prune("asha", 0, 1, 1, {1: line(0.5)}, 10)
