"""What the page of a sweep is made of: plain data, gathered once by whoever ran the sweep."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassnet.evaluation.importance import Importance
    from glassnet.evaluation.scores import Figure
    from glassnet.evaluation.selection import Distinguished


@dataclass(frozen=True)
class CombinationLine:
    """One combination of the sweep with what came of it.

    `values` maps the name of a setting to its plain JSON value; settings that a condition switches off are absent. `status` is planned,
    running, done, pruned, failed or interrupted. `score` is the headline on validation, the mean over the repeats, higher is better; None
    without one. `low` and `high` are its interval, `repeats` the score of every repeat that has one. `seconds` and `epochs` are those of
    all repeats together. `sentence` says why it was pruned or failed. `runs` are the names of its runs. `best` marks the winner,
    `equal_to_best` those that cannot be told from it.
    """

    number: int
    values: Mapping[str, Any]
    status: str
    score: float | None = None
    low: float | None = None
    high: float | None = None
    repeats: tuple[float, ...] = ()
    seconds: float | None = None
    epochs: int | None = None
    sentence: str = ""
    runs: tuple[str, ...] = ()
    best: bool = False
    equal_to_best: bool = False

    @property
    def known(self) -> bool:
        """Whether it is done and has a finite score, so that it may be ranked and drawn."""
        return self.status == "done" and self.score is not None and math.isfinite(self.score)


@dataclass(frozen=True)
class SweepMaterial:
    """One sweep. Everything but its name and its lines may be missing; a section without its data is left out or says why.

    `root` is the picture set, `headline` the name of the figure that ranks. `space` has a line of text per setting, `settings` their
    dotted names in the order of the space. `curves` maps the number of a combination to (epoch, score on validation). `distinguished`,
    `optimism` and `importance` are as `evaluation.selection` and `evaluation.importance` give them, `cheapest` is the number of a
    combination. `optimism_of` names what the optimism is measured in where that is not the headline. `interval` says what `low` and
    `high` of the lines are. `winner` names the run that was chosen, `test` is its one score on the test set; `open_test` is what to
    type while there is none. `plan` are sentences on how the sweep went (method, repeats, pruning, machine), `notes` warnings that
    belong before everything else, `resume` what to type to go on, empty when the sweep is over.
    """

    name: str
    root: str
    task: str
    headline: str
    lines: tuple[CombinationLine, ...]
    settings: tuple[str, ...] = ()
    space: tuple[str, ...] = ()
    curves: Mapping[int, Sequence[tuple[int, float]]] = field(default_factory=dict)
    distinguished: "Distinguished | None" = None
    optimism: "Figure | None" = None
    optimism_of: str = ""
    importance: "Importance | None" = None
    cheapest: int | None = None
    interval: str = "95 % interval"
    winner: str = ""
    test: "Figure | None" = None
    open_test: str = ""
    plan: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    created: str = ""
    resume: str = ""

    @property
    def ranked(self) -> tuple[CombinationLine, ...]:
        """The finished combinations that have a score, the best first; equal scores by number."""
        return tuple(
            sorted((line for line in self.lines if line.known), key=lambda line: (-(line.score or 0), line.number))
        )

    @property
    def best(self) -> CombinationLine | None:
        """The winner: the one that is marked, else the highest score; None when nothing is done."""
        marked = next((line for line in self.lines if line.best and line.known), None)
        return marked or next(iter(self.ranked), None)

    @property
    def named(self) -> tuple[str, ...]:
        """All settings: those of the space in its order, then whatever else a combination has."""
        found = dict.fromkeys(self.settings)
        for line in self.lines:
            found.update(dict.fromkeys(line.values))
        return tuple(found)

    def counted(self, *statuses: str) -> int:
        """Return how many combinations have one of the statuses."""
        return sum(line.status in statuses for line in self.lines)
