"""Schedules: their values by independent formulas."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from glassnet.errors import RecipeError
from glassnet.training import schedules


def rates(schedule: str, steps: int, warmup: float = 0.0, lr: float = 0.5, plateau: float = 1.0) -> list[float]:
    settings = SimpleNamespace(lr=lr, schedule=schedule, warmup=warmup)
    return [schedules.rate(settings, step, steps, plateau) for step in range(steps)]


def test_constant_linear_cosine_and_step():
    k = np.arange(40)
    assert rates("constant", 40) == [0.5] * 40
    assert rates("linear", 40) == pytest.approx(0.5 * (40 - k) / 40)
    assert rates("cosine", 40) == pytest.approx(0.5 * np.cos(np.pi * k / 80) ** 2)
    assert rates("step", 40) == pytest.approx([0.5] * 20 + [0.05] * 10 + [0.005] * 10)


def test_one_cycle_has_smith_s_turning_points():
    values = rates("one_cycle", 101, lr=1.0)
    assert values == pytest.approx(np.interp(np.arange(101), [0, 45, 90, 100], [0.1, 1.0, 0.1, 0.001]))
    assert values[45] == 1.0
    # its rise is its own: a warm-up share changes nothing
    assert rates("one_cycle", 101, warmup=0.3, lr=1.0) == values


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "step", "plateau"])
def test_warm_up_rises_in_equal_parts_and_then_the_schedule_starts_at_its_top(schedule):
    values = rates(schedule, 100, warmup=0.1, lr=1.1)
    assert values[:11] == pytest.approx([0.1 * (k + 1) for k in range(10)] + [1.1])
    assert max(values) == 1.1
    assert values[10:] == pytest.approx(rates(schedule, 90, lr=1.1))


def test_every_schedule_is_positive_and_bounded_even_for_tiny_runs():
    for schedule in ("constant", "linear", "cosine", "step", "plateau", "one_cycle"):
        for steps in (1, 2, 3, 7):
            for warmup in (0.0, 0.5, 0.99):
                values = rates(schedule, steps, warmup)
                assert all(0 < value <= 0.5 and math.isfinite(value) for value in values), (schedule, steps, warmup)


def test_plateau_halves_after_three_epochs_without_a_better_score():
    factor = schedules.plateau_factor
    assert factor([]) == 1
    assert factor([0.1, 0.2, 0.3, 0.4]) == 1
    assert factor([0.4, 0.3, 0.2]) == 1
    assert factor([0.4, 0.3, 0.2, 0.4]) == 0.5
    assert factor([0.4, 0.3, 0.2, 0.4, 0.5, 0.1, 0.1, 0.1]) == 0.25
    assert factor([0.4, 0.405, 0.405, 0.405], min_delta=0.01) == 0.5
    assert factor([0.5, float("nan"), float("nan"), float("nan")]) == 0.5
    assert factor([0.5] * 1000) == 1 / 1024
    assert rates("plateau", 3, plateau=0.25) == [0.125] * 3


def test_what_cannot_be_scheduled_is_said():
    with pytest.raises(RecipeError, match=r"cosinus.*constant, linear, cosine"):
        rates("cosinus", 3)
    with pytest.raises(RecipeError, match=r"train\.lr"):
        schedules.rate(SimpleNamespace(lr=None, schedule="linear", warmup=0.0), 0, 10)
