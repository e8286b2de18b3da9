"""The best of many combinations: which others could be the best as well, which of them costs least, and how much choosing flatters.

Whoever picks the highest of many scores and then tests the others against it has let chance pick the yardstick, and finds differences
that are none. The way out is Hsu's multiple comparisons with the best (1984, Ann. Stat. 12:1136), whose set is Gupta's (1965,
Technometrics 7:225): every combination takes its turn as the yardstick, and leaves the set only when the best of the others beats it by
more than chance explains for the largest of all others. The truly best is thrown out only if its own turn goes wrong, which happens with
probability alpha at most, whichever it is. So "the truly best is in the set" (one of them, if several are equal) holds for all at once.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from glassnet.evaluation.intervals import LEVEL, resampled_weights
from glassnet.evaluation.scores import Figure
from glassnet.evaluation.signs import signs_above
from glassnet.evaluation.student import largest_above, quantile

ALPHA = 0.05
_ENOUGH = 6  # degrees of freedom at which the spread is known well enough to leave out the lower half
_FEWEST = 2


@dataclass(frozen=True, eq=False)
class Outcome:
    """A combination that is done. `scores` has one validation headline per repeat, higher is better; none if it was pruned or failed.

    `marks` has one float (n,) per repeat, or nothing: how right each validation picture is, the same pictures in the same order for all.
    `seconds` are those of all repeats. `low` and `high` are the interval of its score, where there is one.
    """

    number: int
    values: Mapping[str, Any]
    scores: tuple[float, ...]
    seconds: float = math.nan
    marks: tuple[np.ndarray, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def finite(self) -> tuple[float, ...]:
        """The scores that are numbers."""
        return tuple(float(score) for score in self.scores if math.isfinite(score))


@dataclass(frozen=True)
class Distinguished:
    """`not_distinguishable` are the numbers of those that may be the best, `best` among them, by falling score.

    `test` says in words which test, corrected how, over what, and what it leaves out. `p` holds, for every combination that was tested,
    the corrected chance of lying so far behind if it were the best; it is empty where nothing could be tested.
    """

    best: int
    not_distinguishable: tuple[int, ...]
    test: str
    p: dict[int, float]

    def as_dict(self) -> dict:
        """Return plain JSON values."""
        return asdict(self) | {
            "not_distinguishable": list(self.not_distinguishable),
            "p": {str(number): p for number, p in self.p.items()},
        }


def distinguishable(outcomes: Sequence[Outcome], alpha: float = ALPHA) -> Distinguished:
    """Return which combinations cannot be told from the best; the truly best is among them in at least 1 - alpha of all sweeps.

    With repeats, seeds are the unit; without, pictures are, by their marks; without either all stay. Outcomes without a finite score are
    left out. Raises ValueError when that leaves none.
    """
    done = sorted((one for one in outcomes if one.finite), key=lambda one: (-_mean(one), one.number))
    if not done:
        raise ValueError("no combination has a score")
    if len(done) == 1:
        return Distinguished(done[0].number, (done[0].number,), "Only one combination has a score.", {})
    spread, freedom = _pooled(done)
    if freedom >= _FEWEST:
        p, test = _by_repeats(done, spread, freedom), _repeats_said(len(done), freedom, alpha)
    elif (marked := _marked(done)) is not None:
        p, test = _by_marks(*marked), _marks_said(len(done), len(marked[0]), marked[1].shape[1], alpha)
    else:
        p, test = {}, _nothing_said(done)
    kept = tuple(one.number for one in done if one is done[0] or p.get(one.number, 1.0) > alpha)
    return Distinguished(done[0].number, kept, test, p)


def cheapest(outcomes: Sequence[Outcome], distinguished: Distinguished) -> int:
    """Return the number of the combination that took the fewest seconds, of those that cannot be told from the best.

    Equal times go to the higher score. It is the best itself where no time is known.
    """
    held = set(distinguished.not_distinguishable)
    timed = [one for one in outcomes if one.number in held and one.finite and math.isfinite(one.seconds)]
    if not timed:
        return distinguished.best
    return min(timed, key=lambda one: (one.seconds, -_mean(one), one.number)).number


def optimism(outcomes: Sequence[Outcome], seed: int, resamples: int = 2000, split: str = "validation") -> Figure | None:
    """Return by how much the best of all scores flatters, a mean mark of pictures; None without marks of two combinations.

    Bootstrap bias-corrected cross-validation (Tsamardinos, Greasidou and Borboudakis 2018, Mach. Learn. 107:1895): choose the best on
    pictures drawn with replacement, score it on those left out, many times; the mean is what a chosen one is worth. Its distance to
    the best score seen is the flattery. The interval comes from the spread of the scores on left-out pictures; these are about 37 % of all,
    so it is about a third too wide. Training's own luck is not in it. Memory: the marks once more, in float32, and 16 MB.
    """
    marked = _marked([one for one in outcomes if one.finite], everyone=False)
    if marked is None:
        return None
    _, marks = marked
    n = marks.shape[1]
    worth, columns = [], np.ascontiguousarray(marks.T)
    for weights in resampled_weights(n, resamples, seed, "picking the best"):
        chosen = (weights.astype(np.float32) @ columns).argmax(1)
        out = weights == 0
        counts = out.sum(1)
        sums = np.einsum("bn,bn->b", out, marks[chosen], dtype=np.float64)
        worth.append(sums[counts > 0] / counts[counts > 0])
    found = np.concatenate(worth)
    if not found.size:
        return None
    apparent = float(marks.mean(1, dtype=np.float64).max())
    value, (high, low) = (
        apparent - float(found.mean()),
        apparent - np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]),
    )
    method = "bootstrap: chosen on the pictures drawn, scored on those left out"
    return Figure(value, min(float(low), value), max(float(high), value), n, split, method)


def repeat_intervals(outcomes: Sequence[Outcome]) -> dict[int, tuple[float, float]]:
    """Return the 95 % interval of each combination's mean over seeds, by its number; empty where repeats are too few to tell.

    The spread is the one that `distinguishable` tests with, so an interval does not rest on two or three scores alone.
    """
    done = sorted((one for one in outcomes if one.finite), key=lambda one: (-_mean(one), one.number))
    spread, freedom = _pooled(done)
    if freedom < _FEWEST:
        return {}
    t = quantile((1 + LEVEL) / 2, freedom)
    half = {one.number: t * math.sqrt(_variance(one, spread) / len(one.finite)) for one in done}
    return {one.number: (_mean(one) - half[one.number], _mean(one) + half[one.number]) for one in done}


def _mean(one: Outcome) -> float:
    return math.fsum(one.finite) / len(one.finite)


def _pooled(done: Sequence[Outcome]) -> tuple[float, int]:
    """Return the variance of a score over seeds and its degrees of freedom, from the higher half of the combinations.

    A learning rate too high makes some seeds fail and not others, and one far too low leaves every seed at chance: neither says how
    much a good network moves. Means and variances of normal scores are independent, so choosing by the mean does not bias the variance.
    Repeats that are equal to the last bit are dead or too coarsely counted, and are not asked. `done` is ordered by falling mean.
    """
    asked = [one.finite for one in done if len(set(one.finite)) > 1]
    freedom, squares = 0, 0.0
    for place, scores in enumerate(asked):
        if 2 * place >= len(asked) and freedom >= _ENOUGH:
            break
        freedom += len(scores) - 1
        squares += float(np.var(scores, ddof=1)) * (len(scores) - 1)
    return (squares / freedom, freedom) if freedom else (0.0, 0)


def _variance(one: Outcome, pooled: float) -> float:
    """Return the pooled variance, or its own where that is larger: a combination that often fails is not called worse too soon."""
    return max(pooled, float(np.var(one.finite, ddof=1))) if len(one.finite) > 1 else pooled


def _by_repeats(done: Sequence[Outcome], spread: float, freedom: int) -> dict[int, float]:
    counts = np.array([len(one.finite) for one in done])
    means = np.array([_mean(one) for one in done])
    errors = np.array([_variance(one, spread) for one in done]) / counts
    found = {}
    for i, one in enumerate(done):
        others = np.arange(len(done)) != i
        t = ((means - means[i]) / np.sqrt(errors + errors[i]))[others].max()
        found[one.number] = largest_above(float(t), counts[others], int(counts[i]), freedom)
    return found


def _marked(done: Sequence[Outcome], everyone: bool = True) -> tuple[list[int], np.ndarray] | None:
    """Return the numbers and float32 (k, n) mean marks over the repeats of those that have them, or None for fewer than two.

    With `everyone`, the highest score must be among them: nothing is said of the best if it cannot be looked at.
    """
    numbers, rows = [], []
    shape = next((one.marks[0].shape for one in done if one.marks), None)
    for one in done:
        if not one.marks or any(marks.shape != shape for marks in one.marks) or not one.marks[0].size:
            continue
        mean = np.mean(one.marks, axis=0, dtype=np.float32)
        if mean.ndim == 1 and np.isfinite(mean).all():
            numbers.append(one.number)
            rows.append(mean)
    if len(rows) < 2 or (everyone and numbers[0] != done[0].number):
        return None
    return numbers, np.stack(rows)


def _by_marks(numbers: Sequence[int], marks: np.ndarray) -> dict[int, float]:
    """Return Bonferroni's k - 1 times the p value against the highest of the others, which no choice among the k - 1 can undercut."""
    means = marks.mean(1, dtype=np.float64)
    first, second = np.argsort(-means, kind="stable")[:2]
    found = {}
    for i, number in enumerate(numbers):
        other = second if i == first else first
        p = signs_above(marks[other].astype(np.float64) - marks[i])
        found[number] = min(1.0, (len(numbers) - 1) * p)
    return found


def _repeats_said(k: int, freedom: int, alpha: float) -> str:
    return (
        f"Tested over seeds: Student's t of each combination against the best of the others, with one spread for all ({freedom} degrees of "
        f"freedom, from the higher half; its own where that is larger), corrected for {k:,} combinations as Dunnett and Hsu do, so that "
        f"the truly best is among these in {1 - alpha:.0%} of such sweeps. The same pictures judged all, so their luck is not in it."
    )


def _marks_said(k: int, tested: int, n: int, alpha: float) -> str:
    left = f" {k - tested:,} without marks were not tested and stay." if k > tested else ""
    return (
        f"Tested over {n:,} validation pictures: the mean mark of each combination against that of the best of the others, by flipping the "
        "signs of paired differences (McNemar's exact test for right and wrong), times "
        f"{tested - 1:,} for the comparisons (Bonferroni), so that the truly best is among these in {1 - alpha:.0%} of such sweeps.{left} "
        "There are too few repeats for a test over seeds, so the luck of the seed is not in it."
    )


def _nothing_said(done: Sequence[Outcome]) -> str:
    if max(len(one.finite) for one in done) > 1:
        return (
            "Nothing can be said about which differences are chance: too few repeats differ from each other, and there are no marks of "
            "single pictures to compare."
        )
    return (
        "Nothing can be said about which differences are chance: every combination ran once, and there are no marks of single pictures to "
        "compare."
    )
