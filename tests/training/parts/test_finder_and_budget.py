"""The learning-rate finder on engines whose best rate is known; the budget's arithmetic."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from glassnet.errors import NumericError, RecipeError
from glassnet.training import budget, finder


class Quadratic:
    """Gradient descent on a noisy bowl of curvature `curvature` in 20 dimensions: it diverges above 2 / curvature."""

    def __init__(self, curvature: float) -> None:
        self.curvature, self.place = curvature, np.full(20, 3.0)

    def step(self, batch: int, rate: float) -> np.ndarray:
        noise = np.random.default_rng(batch).normal(0, 0.1, (16, 20))
        losses = 0.5 * self.curvature * ((self.place + noise) ** 2).sum(1)
        with np.errstate(over="ignore", invalid="ignore"):
            self.place = self.place - rate * self.curvature * (self.place + noise.mean(0))
        return losses

    def state(self) -> np.ndarray:
        return self.place.copy()

    def load(self, state: np.ndarray) -> None:
        self.place = state


class Small:
    """A torch network that separates two clouds, with Adam, behind the engine contract."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
        self.adam = torch.optim.Adam(self.net.parameters())

    def step(self, batch: tuple[torch.Tensor, torch.Tensor], rate: float) -> torch.Tensor:
        self.adam.param_groups[0]["lr"] = rate
        losses = nn.functional.cross_entropy(self.net(batch[0]), batch[1], reduction="none")
        self.adam.zero_grad()
        losses.mean().backward()
        self.adam.step()
        return losses.detach()

    def state(self) -> dict:
        return copy.deepcopy({"net": self.net.state_dict(), "adam": self.adam.state_dict()})

    def load(self, state: dict) -> None:
        self.net.load_state_dict(state["net"])
        self.adam.load_state_dict(state["adam"])


def clouds():
    for k in range(10_000):
        generator = torch.Generator().manual_seed(k)
        y = torch.randint(0, 2, (32,), generator=generator)
        yield torch.randn(32, 8, generator=generator) + 1.5 * y[:, None], y


@pytest.mark.parametrize("curvature", [0.1, 1.0, 50.0])
def test_on_a_bowl_the_suggestion_is_stable_and_within_a_factor_of_ten_of_the_limit(curvature):
    sweep = finder.find(Quadratic(curvature), range(1000), low=1e-5, high=100)
    assert 0.2 / curvature < sweep.suggestion < 2 / curvature
    assert f"{sweep.suggestion * 3:.3g}" in sweep.rule


def test_on_a_small_network_the_suggestion_learns_and_a_hundred_times_less_or_more_does_not():
    sweep = finder.find(Small(), clouds(), low=1e-6, high=10)

    def loss_after(rate: float) -> float:
        engine = Small()
        losses = [float(engine.step(batch, rate).mean()) for _, batch in zip(range(60), clouds(), strict=False)]
        return float(np.mean(losses[-20:]))

    good = loss_after(sweep.suggestion)
    assert good < 0.2
    assert loss_after(sweep.suggestion / 100) > 2 * good
    assert loss_after(sweep.suggestion * 100) > 2 * good


def test_the_engine_is_left_as_it_was_to_the_bit():
    engine = Small()
    for _, batch in zip(range(3), clouds(), strict=False):
        engine.step(batch, 0.01)
    before = engine.state()
    finder.find(engine, clouds(), steps=40)
    after = engine.state()
    assert all(torch.equal(before["net"][name], after["net"][name]) for name in before["net"])
    for k, values in before["adam"]["state"].items():
        assert all(torch.equal(values[name], after["adam"]["state"][k][name]) for name in values)


def test_the_curve_is_exponential_and_ends_at_divergence():
    sweep = finder.find(Quadratic(1.0), range(1000), low=1e-4, high=1e4, steps=81)
    assert np.diff(np.log10(sweep.rates)) == pytest.approx(0.1)
    assert len(sweep.rates) == len(sweep.losses) == len(sweep.smoothed) < 81
    assert sweep.smoothed[-1] > 4 * min(sweep.smoothed)
    assert sweep.smoothed[0] == pytest.approx(sweep.losses[0])
    assert set(sweep.as_dict()) == {"rates", "losses", "smoothed", "suggestion", "rule"}


def test_sweeps_that_can_say_nothing_say_so_and_still_restore():
    engine = Quadratic(1.0)
    with pytest.raises(NumericError, match="start lower"):
        finder.find(engine, range(1000), low=100, high=1e9)
    assert (engine.place == 3.0).all()
    with pytest.raises(NumericError, match="5 steps"):
        finder.find(engine, range(5))
    with pytest.raises(RecipeError):
        finder.find(engine, range(100), low=1, high=0.1)


def test_a_plan_fills_the_minutes_and_keeps_time_for_what_follows():
    plan = budget.plan(10, seconds_per_step=0.1, steps_per_epoch=100, evaluation_seconds=2, spent=20, final_seconds=10)
    assert plan.epochs == 45  # (600 - 30) · 0.95 / 12 = 45.1
    assert plan.steps == 4500
    assert plan.choice.field == "train.epochs"
    assert "45 epochs of 12.0 s" in plan.choice.reason
    assert budget.plan(1e6, 0.1, 100).epochs == budget.MOST_EPOCHS


def test_less_than_one_epoch_is_cut_and_said():
    plan = budget.plan(0.5, seconds_per_step=1.0, steps_per_epoch=1000, evaluation_seconds=3.5)
    assert (plan.epochs, plan.steps) == (1, 25)
    assert "cut to 25 of 1000" in plan.choice.reason
    assert budget.plan(0.01, 5.0, 10, spent=100).steps == 1


def test_the_schedule_follows_the_pace():
    assert budget.replan(100, 100.0, 950.0, 100) == 1000  # 902 steps fit at 1 s: nine whole epochs
    assert budget.replan(100, 200.0, 950.0, 100) == 500  # 451 steps fit at 2 s: four
    assert budget.replan(900, 900.0, 30.0, 100) == 928  # less than an epoch left: to the step
    assert budget.replan(500, 500.0, 0.0, 100) == 501
    assert budget.replan(500, 500.0, -5.0, 100) == 501
