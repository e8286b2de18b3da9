"""How much each setting mattered: its share of the variance of scores over the whole space, each value as likely as the space says.

That is functional ANOVA (Sobol 1993; for settings of learning Hutter, Hoos and Leyton-Brown 2014, ICML). A full grid needs no model: it is
the ordinary analysis of variance, exact. Where combinations were sampled, or are missing, trees stand in for those that were not run. A
setting that a condition switches off is taken as one that may have any value without an effect.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from glassnet.evaluation.axes import OFF, Axis, axis_of, placed
from glassnet.evaluation.forest import marginals
from glassnet.evaluation.selection import Outcome
from glassnet.randomness import generator

INTERACTIONS, CHANCE = "interactions", "chance"
REST = f"{INTERACTIONS} and {CHANCE}"
_LARGEST = 1_000_000  # points of a full grid
_FEWEST = 10  # combinations that trees need
_TREES = 24  # for each fold
_FOLDS = 8


class Settings(Protocol):
    """What is asked of a search space: its settings by name, each a list (`values`) or a range (`low`, `high`, `log`, `step`)."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Return the settings by dotted name."""
        ...

    def size(self) -> int | None:
        """Return the number of combinations where all settings are lists, else None."""
        ...


@dataclass(frozen=True)
class Importance:
    """`shares` maps every setting, and what is left, to its share of the variance of scores; they sum to 1, or are all 0.

    What is left is `interactions and chance`, or with repeats `interactions` and `chance` apart. `method` names the way, `caveat` says in
    sentences what the numbers do not say.
    """

    method: str
    caveat: str
    shares: dict[str, float]

    def as_dict(self) -> dict:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class _Done:
    """The combinations with a score: cells int (n, d), mean scores and repeats (n,), and the variance of a repeat, None if unknown."""

    axes: dict[str, Axis]
    cells: np.ndarray
    scores: np.ndarray
    repeats: np.ndarray
    chance: float | None
    size: int | None
    unscored: int

    @property
    def off(self) -> bool:
        """Whether a condition switches a setting off somewhere."""
        return bool((self.cells == OFF).any())


def importance(outcomes: Sequence[Outcome], space: Settings) -> Importance | None:
    """Return the share of each setting and what is left, never NaN; None when too few combinations are done to say anything.

    Too few are: a full grid of one setting without repeats, fewer than 10 sampled combinations, or fewer than two for each setting.
    Outcomes without a finite score are left out, and so are values that the space does not hold.
    """
    done = _done(outcomes, space)
    varied = [name for name, axis in done.axes.items() if axis.size > 1]
    n = len(done.scores)
    if n < 2 or not varied:
        return None
    grid = _grid(done)
    if grid is None and n < max(_FEWEST, 2 * len(varied) + 2):
        return None
    left_over = n - 1 - sum(done.axes[name].size - 1 for name in varied)
    if grid is not None and done.chance is None and left_over < 1:
        return None
    if np.ptp(done.scores) == 0 and not done.chance:
        rest = (REST,) if done.chance is None else (INTERACTIONS, CHANCE)
        shares = dict.fromkeys([*done.axes, *rest], 0.0)
        return Importance("Every combination has the same score", "There is no difference to share out.", shares)
    return _exact(done, grid) if grid is not None else _by_trees(done)


def _done(outcomes: Sequence[Outcome], space: Settings) -> _Done:
    axes = {name: axis_of(setting) for name, setting in space.settings.items()}
    cells, scores = [], []
    for one in outcomes:
        if not one.finite:
            continue
        try:
            cells.append(placed(one.values, axes))
        except KeyError:
            continue
        scores.append(one.finite)
    squares = sum(float(np.var(each)) * len(each) for each in scores)
    freedom = sum(len(each) - 1 for each in scores)
    return _Done(
        axes,
        np.array(cells, np.int64).reshape(len(cells), len(axes)),
        np.array([math.fsum(each) / len(each) for each in scores]),
        np.array([len(each) for each in scores]),
        squares / freedom if freedom > 1 else None,
        space.size(),
        sum(not one.finite for one in outcomes),
    )


def _grid(done: _Done) -> np.ndarray | None:
    """Return the full grid as places in `done`, int (size of axis 1, size of axis 2, …), or None where a point of it was not run.

    A combination in which a setting is off stands at every value of that setting.
    """
    shape = tuple(axis.size for axis in done.axes.values())
    if any(axis.places is None for axis in done.axes.values()) or math.prod(shape) > _LARGEST or len(shape) > 32:
        return None
    grid = np.full(shape, -1)
    for i, row in enumerate(done.cells):
        grid[tuple(slice(None) if cell == OFF else cell for cell in row)] = i
    return None if (grid < 0).any() else grid


def _exact(done: _Done, grid: np.ndarray) -> Importance:
    """Split the variance of a full grid. With repeats, what chance adds to each part is known, and is taken out."""
    scores, chance = done.scores[grid], done.chance or 0.0
    noise = chance / done.repeats  # of each mean score
    held = np.bincount(grid.ravel(), minlength=len(noise)) / grid.size
    whole = max(0.0, float(scores.var()) - float(noise @ (held * (1 - held))))
    mains = {}
    for j, name in enumerate(done.axes):
        levels = grid.shape[j]
        means = scores.mean(tuple(i for i in range(grid.ndim) if i != j))
        # The mean at a level is a weighted sum of the combinations; its weights say how much of their noise is in it.
        level = np.arange(levels).reshape([-1 if i == j else 1 for i in range(grid.ndim)])
        counts = np.bincount((grid * levels + level).ravel(), minlength=len(noise) * levels)
        weight = counts.reshape(-1, levels) * (levels / grid.size)
        mains[name] = max(0.0, float(means.var()) - float(noise @ weight.var(1)))
    if done.chance is not None:
        method = "Analysis of variance of the full grid, chance measured by the repeats"
        caveat = "Interactions are what settings do together beyond what each does alone; chance is what another seed changes."
    else:
        method = "Analysis of variance of the full grid"
        luckiest = max(levels - 1 for levels in grid.shape) / (len(noise) - 1)
        caveat = (
            "Each combination ran once, so interactions and chance cannot be told apart, and chance alone would give a setting up to about "
            f"{luckiest:.0%}."
        )
    return Importance(method, " ".join([caveat, *_remarks(done)]), _shares(mains, whole, done.chance))


def _by_trees(done: _Done) -> Importance:
    """Learn the effect of each setting from trees, and believe it as far as it holds in combinations that these trees did not see.

    The effects of all settings, predicted for the folds left out, are fitted to the scores there by least squares. That undoes what trees
    shrink, drops what they only remembered, and leaves what no single setting explains. On functions whose shares are known (linear,
    peaked, a cliff, with interactions; 3 to 5 settings; 60 points; none to half of the variance noise; 5 draws each) the root mean square
    error of a share was 0.05 on average; plain functional ANOVA by such a forest had up to 0.18, and PED-ANOVA (Watanabe 2023), which
    asks what the best tenth has in common, up to 0.39.
    """
    axes, n = tuple(done.axes.values()), len(done.scores)
    effects, variances = _effects(done, axes)
    slopes, errors, rest = _fit(effects, done.scores)
    mains = np.maximum(0.0, slopes**2 - errors**2) * variances
    # The squared error of a slope is taken off, or chance alone would give each setting a share on average.
    noise = 0.0 if done.chance is None else min(rest, float((done.chance / done.repeats).mean()))
    whole = float(mains.sum()) + rest - noise
    share_of = f"{n:,} of the {done.size:,} combinations of the grid" if done.size else f"{n:,} sampled combinations"
    caveat = (
        f"Estimated from {share_of} by trees, judged on combinations that they had not seen. What no single setting explains is counted as "
        f"{REST if done.chance is None else INTERACTIONS}, and with few combinations that is too much."
    )
    method = "Functional analysis of variance by regression trees"
    shares = _shares(dict(zip(done.axes, mains.tolist(), strict=True)), whole, done.chance)
    return Importance(method, " ".join([caveat, *_remarks(done)]), shares)


def _effects(done: _Done, axes: tuple[Axis, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the effect of every setting on every combination, float64 (n, d), told by trees without it, and its variance, (d,)."""
    source = generator(0, 0, "importance of settings")
    fold = source.permutation(len(done.scores)) % _FOLDS
    effects, variances = np.zeros(done.cells.shape), np.zeros(len(axes))
    for k in range(_FOLDS):
        out = np.flatnonzero(fold == k)
        means = marginals(done.cells[fold != k], done.scores[fold != k], axes, _TREES, source)
        for j, (axis, mean) in enumerate(zip(axes, means, strict=True)):
            effect = mean - axis.weights @ mean
            variances[j] += axis.weights @ np.square(effect) / _FOLDS
            # A setting that is off has the mean of its effects, which is 0.
            on = out[done.cells[out, j] != OFF]
            effects[on, j] = effect[done.cells[on, j]]
    return effects, variances


def _fit(effects: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return slopes >= 0 of the scores on the effects, their standard errors, both float64 (d,), and the variance of what is left.

    An effect that goes the other way in unseen combinations was none; it is dropped and the others are fitted again.
    """
    n, d = effects.shape
    slopes, errors = np.zeros(d), np.zeros(d)
    used = np.flatnonzero(effects.any(0))
    while True:
        columns = np.column_stack([np.ones(n), effects[:, used]])
        found = np.linalg.lstsq(columns, scores, rcond=None)[0]
        if (found[1:] >= 0).all():
            break
        used = used[found[1:] >= 0]
    rest = float(np.square(scores - columns @ found).sum()) / max(1, n - len(found))
    slopes[used] = found[1:]
    errors[used] = np.sqrt(rest * np.diag(np.linalg.pinv(columns.T @ columns))[1:])
    return slopes, errors, rest


def _shares(mains: Mapping[str, float], whole: float, chance: float | None) -> dict[str, float]:
    """Return parts of the variance of one run, `whole` + `chance`, as shares that sum to 1; all 0 where nothing varies."""
    total = max(whole, sum(mains.values()))
    left = (
        {REST: total - sum(mains.values())}
        if chance is None
        else {INTERACTIONS: total - sum(mains.values()), CHANCE: chance}
    )
    parts = {**mains, **left}
    total = sum(parts.values())
    return {name: max(0.0, part / total) if total > 0 else 0.0 for name, part in parts.items()}


def _remarks(done: _Done) -> list[str]:
    said = ["The shares hold for the values that were tried."]
    if done.off:
        said.append("Where a condition switches a setting off, it counts as one without an effect.")
    if done.unscored:
        many = done.unscored > 1
        said.append(
            f"{done.unscored:,} combination{'s' if many else ''} without a score, pruned or failed, {'are' if many else 'is'} left out, so "
            f"what made {'them' if many else 'it'} bad is not counted."
        )
    elif done.size is None or done.size > len(done.scores):
        said.append(
            "Combinations that were pruned or failed have no score and are left out, so what made them bad is not counted."
        )
    return said
