"""A wall-clock budget: from minutes and a measured step to a number of epochs whose schedule ends in time."""

import math
from dataclasses import dataclass

from glassnet.choice import Choice

# Steps get slower when the machine warms up or gets company, and a checkpoint takes a moment: plan to be done a little early.
SAFETY = 0.95
PLANS = "train.steps"  # the choice under which a run with minutes records what was planned, from which step on
MOST_EPOCHS = 10_000
# The plan stands for this share of the time: first steps are slow, and one slow moment says little about the rest.
EARLY = 0.15
# Changes of the plan below this share are left alone: every one of them bends the schedule.
CHANGE = 0.05
# Changes above this share are told.
TELL = 0.1
# Validation may take about this share of the time that training takes. A validation picture costs a third of a training picture, which is
# also walked backwards; answers that are boxes or masks cost as much again to read and to score.
_VALIDATION_SHARE = 0.15
_COST, _DENSE_COST = 1 / 3, 1.0
# However short the epochs: so many validations there are at least, for the curve and for the choice of the best.
_LEAST_VALIDATIONS = 20


@dataclass(frozen=True)
class Plan:
    """How long training runs: `epochs` whole passes, `steps` in all (fewer than one pass when time allows no more), and the reason."""

    epochs: int
    steps: int
    choice: Choice


def plan(
    minutes: float,
    seconds_per_step: float,
    steps_per_epoch: int,
    evaluation_seconds: float = 0.0,
    spent: float = 0.0,
    final_seconds: float = 0.0,
    every: int = 1,
) -> Plan:
    """Return the plan that fills `minutes` of wall-clock time.

    `seconds_per_step` is measured (median of warm steps), `evaluation_seconds` is one pass over the validation pictures, after every
    `every`th epoch;
    `spent` is what is gone already since the clock started, `final_seconds` what must remain afterwards (test scores, report). When not
    even one epoch fits, the plan is one epoch cut short, never less than one step; the reason says so.
    """
    left = max(minutes * 60 - spent - final_seconds, 0.0) * SAFETY
    epoch_seconds = steps_per_epoch * seconds_per_step + evaluation_seconds / every
    whole = min(math.floor(left / epoch_seconds), MOST_EPOCHS) if epoch_seconds > 0 else MOST_EPOCHS
    if whole >= 1:
        reason = (
            f"{minutes:g} minutes less {spent + final_seconds:.0f} s for everything else hold {whole} epochs of {epoch_seconds:.1f} s "
            f"({steps_per_epoch} steps of {seconds_per_step * 1000:.0f} ms and validation)"
        )
        return Plan(whole, whole * steps_per_epoch, Choice("train.epochs", whole, reason))
    steps = max(int((left - evaluation_seconds) / seconds_per_step), 1)
    reason = (
        f"{minutes:g} minutes do not hold one epoch of {epoch_seconds:.1f} s, so it is cut to {steps} of {steps_per_epoch} steps; "
        "give more minutes, a smaller size or a smaller network for a better score"
    )
    return Plan(1, min(steps, steps_per_epoch), Choice("train.epochs", 1, reason))


def choose_every(asked: int | None, n_train: int, n_validation: int, dense: bool) -> Choice:
    """Return the Choice of epochs from one validation to the next: what was `asked`, or so many that training takes most of the time.

    A matter of counts alone and of no clock, so that the same recipe keeps the same epoch on every machine. `dense` for boxes and masks.
    """
    if asked is not None:
        return Choice("train.validate_every", asked, "as asked")
    cost = (_DENSE_COST if dense else _COST) * n_validation
    every = max(1, math.ceil(cost / (_VALIDATION_SHARE * max(n_train, 1))))
    return Choice("train.validate_every", every, f"{n_validation:,} validation pictures beside {n_train:,} to train on")


def capped_every(every: int, epochs: int) -> int:
    """Return `every`, or less where a run of `epochs` would have fewer than 20 validations."""
    return max(1, min(every, epochs // _LEAST_VALIDATIONS))


def replan(steps_done: int, seconds_done: float, seconds_left: float, steps_per_epoch: int) -> int:
    """Return the total number of steps after looking at the clock: what fits at the pace so far, at least one more.

    `seconds_done` is the time the `steps_done` steps took with their validations. A machine that got slower thus shortens the rest
    of the schedule instead of cutting its end, where the rate is small and most is gained. Whole epochs where more than one is left.
    """
    fitting = int(seconds_left * SAFETY / max(seconds_done / max(steps_done, 1), 1e-9))
    if fitting > steps_per_epoch:
        fitting -= fitting % steps_per_epoch
    return steps_done + max(fitting, 1)
