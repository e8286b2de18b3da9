"""Whether a combination is given up before its last epoch: Optuna's pruners, over the curves that the ledger holds.

Like `proposing`, a pure function: nothing is remembered between two questions, so that a resumed sweep asks the same ones.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from glassnet import randomness
from glassnet.errors import RecipeError
from glassnet.sweeps.proposing import quiet

if TYPE_CHECKING:
    import optuna

KINDS = ("median", "hyperband")
_COMPANY = 4  # others that must have come as far before the median of them says anything
_GRACE = 5  # the first 1 / 5 of the epochs, in which the median says little: rates still rise
_KEPT = 3  # Hyperband keeps the best third
Curve = Sequence[tuple[int, float | None]]
Points = list[tuple[int, float]]


def should_prune(kind: str, seed: int, me: int, epoch: int, curves: Mapping[int, Curve], epochs: int) -> str | None:
    """Return the sentence why `me` is given up after `epoch`, or None when it goes on.

    `curves` holds (epoch, validation score) of all that compete, `me` among them, by a number that stays theirs; epochs count from 1
    and may have gaps, higher is better, None and NaN are epochs without validation and leave everything as it is. `epochs` is how many
    `me` would run. Others count as far as they came, whatever became of them later. Nothing is given up after the last epoch.

    `median`: given up when its best score so far is below the median of the others at this epoch. Not in the first fifth of the
    epochs, and not before four others have come as far.

    `hyperband` (Li et al. 2018, asynchronous as in Li et al. 2020): all are dealt by (seed, number) into brackets. Bracket 0 asks at
    epochs 1, 3, 9, …, bracket 1 at 3, 9, …, and so on; the best third of those in the bracket that came as far goes on. Not before two
    others of the bracket have come as far.

    Raises RecipeError for an unknown kind.
    """
    if kind not in KINDS:
        raise RecipeError(f"{kind!r} gives up nothing. Known are none, {', '.join(KINDS)}.")
    mine = [point for point in _points(curves.get(me, ())) if point[0] <= epoch]
    if not mine or mine[-1][0] != epoch or epoch >= epochs:
        return None
    others = {number: _points(curve) for number, curve in curves.items() if number != me}
    with quiet():
        return _below_median(mine, others, epochs) if kind == "median" else _not_kept(seed, me, mine, others, epochs)


def _points(curve: Curve) -> Points:
    return sorted((int(epoch), float(score)) for epoch, score in curve if score is not None and not math.isnan(score))


def _below_median(mine: Points, others: dict[int, Points], epochs: int) -> str | None:
    import optuna
    from optuna.trial import TrialState, create_trial

    epoch = mine[-1][0]
    # Where an other was not validated at this epoch, its last score before stands.
    at = [
        [score for when, score in points if when <= epoch][-1]
        for _, points in sorted(others.items())
        if points and points[0][0] <= epoch <= points[-1][0]
    ]
    pruner = optuna.pruners.MedianPruner(
        n_startup_trials=_COMPANY, n_warmup_steps=epochs // _GRACE + 1, n_min_trials=_COMPANY
    )
    study = optuna.create_study(direction="maximize", pruner=pruner)
    study.add_trials(
        [create_trial(state=TrialState.COMPLETE, value=0.0, intermediate_values={epoch: score}) for score in at]
    )
    if not pruner.prune(study, create_trial(state=TrialState.RUNNING, intermediate_values=dict(mine))):
        return None
    return (
        f"Given up after epoch {epoch}: its best validation score, {max(score for _, score in mine):.4g}, "
        f"is below {statistics.median(at):.4g}, "
        f"the median of the {len(at)} others at that epoch."
    )


def _not_kept(seed: int, me: int, mine: Points, others: dict[int, Points], epochs: int) -> str | None:
    """Ask the successive halving of my bracket: Optuna's, told of every other's scores at the bracket's epochs, and then of mine."""
    import optuna

    bracket = _bracket(seed, me, epochs)
    asked = _asked(mine, bracket)
    (epoch, score), came_as_far = mine[-1], 1
    if not asked or asked[-1][0] != epoch:
        return None
    pruner = optuna.pruners.SuccessiveHalvingPruner(
        min_resource=1, reduction_factor=_KEPT, min_early_stopping_rate=bracket
    )
    study = optuna.create_study(direction="maximize", pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    for number, points in sorted(others.items()):
        if _bracket(seed, number, epochs) != bracket:
            continue
        told = _asked(points, bracket)
        came_as_far += len(told) >= len(asked)
        _tell(study, told)
    given_up = _tell(study, asked)
    if not given_up or came_as_far < _KEPT:
        return None
    return (
        f"Given up after epoch {epoch}: its validation score, {score:.4g}, is not in the best third "
        f"of the {came_as_far} that came as far in bracket {bracket} of Hyperband."
    )


def _bracket(seed: int, number: int, epochs: int) -> int:
    """Return the bracket of a number, by chance, with the shares of Optuna's Hyperband: early brackets, which give up most, have most."""
    brackets = 1
    while _KEPT**brackets <= epochs:
        brackets += 1
    shares = [math.ceil(brackets * _KEPT**after / (after + 1)) for after in range(brackets - 1, -1, -1)]
    place = randomness.key(seed, number, "sweep.bracket") % sum(shares)
    for bracket, share in enumerate(shares):
        if place < share:
            return bracket
        place -= share
    raise AssertionError("the shares add up to their sum")


def _asked(points: Points, bracket: int) -> Points:
    """Return the points at which a bracket asks: the first at or after each of its epochs."""
    kept: Points = []
    rung = _KEPT**bracket
    for epoch, score in points:
        if epoch >= rung:
            kept.append((epoch, score))
            while rung <= epoch:
                rung *= _KEPT
    return kept


def _tell(study: "optuna.Study", points: Points) -> bool:
    """Report the points to a trial of its own, which the pruner keeps for those that follow; return its answer to the last one."""
    trial, answer = study.ask(), False
    for epoch, score in points:
        trial.report(score, epoch)
        answer = trial.should_prune()
    return answer
