"""A sweep as the ledger has it at one moment, put together by combination. Nothing here takes longer than reading it: no statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import TYPE_CHECKING, Any

from glassnet.evaluation.selection import Outcome, repeat_intervals
from glassnet.report.sweep.material import CombinationLine
from glassnet.runs.book import Book
from glassnet.runs.rows import Row
from glassnet.runs.sweeps import SweepRow
from glassnet.sweeps.plan import Plan, plan_from
from glassnet.sweeps.rows import OPEN, by_combination, score, status
from glassnet.sweeps.space import Space, space_from

if TYPE_CHECKING:
    import numpy as np

Intervals = Mapping[int, tuple[float, float]]


@dataclass(frozen=True)
class Overview:
    """One sweep and all its rows."""

    found: SweepRow
    plan: Plan
    space: Space
    rows: tuple[Row, ...]

    @cached_property
    def groups(self) -> dict[int, list[Row]]:
        """The rows of every combination, by its number."""
        return by_combination(self.rows)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended, without its marks."""
        return self.outcomes_with({})

    def outcomes_with(self, marks: "Mapping[int, np.ndarray]") -> tuple[Outcome, ...]:
        """Return what has ended, for the statistics; `marks` are those of the ledger, by the run's number."""
        found = (_outcome(number, repeats, marks) for number, repeats in self.groups.items())
        return tuple(one for one in found if one is not None)

    @cached_property
    def best(self) -> int | None:
        """The number of the combination with the highest mean score, the first of equal ones; None while none has a score."""
        scored = [one for one in self.outcomes if one.finite]
        return min(scored, key=lambda one: (-fmean(one.finite), one.number)).number if scored else None

    @cached_property
    def winner(self) -> Row | None:
        """The run that was chosen, or would be now: the best repeat of the best combination."""
        if self.found.winner is not None:
            chosen = next((row for row in self.rows if row.id == self.found.winner), None)
            if chosen is not None:
                return chosen
        if self.best is None:
            return None
        return max(self.groups[self.best], key=lambda row: (score(row) or 0.0, -row.id))

    @property
    def unproposed(self) -> int:
        """How many runs belong to combinations that are still to be proposed."""
        proposed = max(self.groups, default=0)
        if self.found.status == "done" or self.plan.is_over(proposed) or self.plan.combinations is None:
            return 0
        return (self.plan.combinations - proposed) * self.plan.repeats

    @property
    def left(self) -> int:
        """How many runs have not ended yet, those still to be proposed too."""
        return sum(row.status in OPEN for row in self.rows) + self.unproposed

    @property
    def headline(self) -> str:
        """The name of the figure that ranks."""
        names = (s.name for row in self.rows for s in row.scores if s.headline and s.split == "validation")
        return next(names, "score").replace("_", " ")

    @cached_property
    def over_seeds(self) -> Intervals:
        """The interval of every combination's mean over seeds, by its number; empty where repeats are too few to tell."""
        return repeat_intervals(self.outcomes)

    def lines(self, equal: frozenset[int] = frozenset()) -> tuple[CombinationLine, ...]:
        """Return a line for every combination; `equal` are the numbers of those that cannot be told from the best."""
        return tuple(self._line(number, repeats, number in equal) for number, repeats in self.groups.items())

    def _line(self, number: int, repeats: Sequence[Row], equal: bool) -> CombinationLine:
        scores = [value for row in repeats if (value := score(row)) is not None]
        state = status(repeats)
        whole = state == "done" and len(scores) == len(repeats)
        low, high = _interval(number, repeats, self.over_seeds) if whole else (None, None)
        seconds = [row.seconds for row in repeats if row.seconds is not None]
        sentence = next((row.sentence for row in repeats if row.sentence and row.status == state), "") or ""
        return CombinationLine(
            number=number,
            values=repeats[0].chosen,
            status=state,
            score=fmean(scores) if whole else None,
            low=low,
            high=high,
            repeats=tuple(scores),
            seconds=sum(seconds) if seconds else None,
            epochs=sum(row.epochs_done for row in repeats),
            sentence=sentence,
            runs=tuple(row.name for row in repeats),
            best=number == self.best,
            equal_to_best=equal,
        )


def overview(book: Book, name: str) -> Overview:
    """Read a sweep from the ledger. Raises LedgerError when there is none of that name."""
    found = book.sweep(name)
    return Overview(found, plan_from(found.plan), space_from(found.space), tuple(book.rows(sweep=found.name)))


def mean_curve(repeats: Sequence[Row], curves: Mapping[int, Sequence[Any]]) -> list[tuple[int, float]]:
    """Return (epoch, validation score), the mean over the repeats that have that epoch."""
    by_epoch: dict[int, list[float]] = {}
    for row in repeats:
        for line in curves.get(row.id, ()):
            if line.validation_score is not None:
                by_epoch.setdefault(line.epoch, []).append(line.validation_score)
    return [(epoch, fmean(values)) for epoch, values in sorted(by_epoch.items())]


def _outcome(number: int, repeats: Sequence[Row], marks: "Mapping[int, np.ndarray]") -> Outcome | None:
    """Return what the statistics see of a combination: one that was pruned or failed has no score; None while it may still get one."""
    if status(repeats) in OPEN:
        return None
    scores = [value for row in repeats if (value := score(row)) is not None]
    if len(scores) < len(repeats):
        return Outcome(number, repeats[0].chosen, ())
    seconds = sum(row.seconds or 0.0 for row in repeats)
    kept = tuple(marks[row.id] for row in repeats if row.id in marks)
    return Outcome(number, repeats[0].chosen, tuple(scores), seconds, kept if len(kept) == len(repeats) else ())


def _interval(number: int, repeats: Sequence[Row], over_seeds: Intervals) -> tuple[float, float]:
    """Return the ends that are shown: of one run its interval over pictures, of several that of their mean over seeds."""
    if number in over_seeds:
        return over_seeds[number]
    figures = [figure for row in repeats if (figure := row.headline("validation")) is not None]
    if len(figures) == 1:
        return figures[0].low, figures[0].high
    return min(f.value for f in figures), max(f.value for f in figures)
