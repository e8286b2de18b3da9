"""What a report is made of: everything a section may show, gathered once by the pipeline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.choice import Choice
from glassnet.data.audit import Audit
from glassnet.data.lock import Lock
from glassnet.evaluation.scores import Scores
from glassnet.networks.summary import Summary
from glassnet.recipe import Recipe
from glassnet.training.history import History

if TYPE_CHECKING:
    from glassnet.data.truths import Truth

# Pictures of a split with truth beside answer: this many of the most wrong, and so many spread evenly over the others.
_WORST, _OTHERS = 24, 12
_WORST_BESIDE, _OTHERS_BESIDE = 8, 4  # of the splits that are not the main one


@dataclass(frozen=True)
class Varied:
    """One training picture as it is stored, and several times as training shows it: uint8 (H, W, C) each."""

    row: int
    original: np.ndarray
    draws: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Data:
    """The pictures: what was recognised, what the audit found, who is on which side.

    `keys` and `labels` (class numbers) have one entry per row of the pixel store, `picture(row)` gives its fitted pixels uint8 (H, W, C).
    `varied` shows the augmentation, empty where nothing is varied; `varies` names the settings that do it. `refused` are files with
    the reason why they are no row at all, `skipped` those that are hidden or no pictures.

    For a `task` whose answers are places in the picture: `original(row)` gives the upright picture as it came, uint8 (H, W, 3), shrunk to
    at most 480 pixels on its longer side, and `truth(row)` the annotation in the original's own pixels, None where there is none that can
    be read. Both are asked for few rows, and only for rows that are not quarantined.
    """

    root: str
    layout: str
    classes: tuple[str, ...]
    keys: Sequence[str]
    labels: np.ndarray
    picture: Callable[[int], np.ndarray]
    audit: Audit
    lock: Lock | None = None
    varied: tuple[Varied, ...] = ()
    varies: str = ""
    refused: tuple[tuple[str, str], ...] = ()
    skipped: tuple[str, ...] = ()
    task: str = "classify"
    original: Callable[[int], np.ndarray] | None = None
    truth: "Callable[[int], Truth | None] | None" = None

    def name(self, row: int) -> str:
        """Return the class name of a row."""
        label = int(self.labels[row])
        return self.classes[label] if label >= 0 else "no class"


@dataclass(frozen=True)
class Material:
    """One run with its pictures. `scores` by split; `verdict` as verdict.json has it; `reproduce` and `open_test` are what to type.

    For tasks whose answers are places in the picture, `answers` holds what the network says about the rows that `rows_shown(scores)`
    names (ThingsAnswer at the operating threshold, PixelsAnswer), and `heats` what its heat map looks like where it has one: float
    (h, w) in [0, 1], the strongest class at each place, lying over the whole of the original picture (`tasks.heat.on_original`).
    """

    name: str
    folder: str
    created: str
    recipe: Recipe
    scores: dict[str, Scores]
    history: History
    verdict: dict[str, Any]
    data: Data
    summary: Summary
    choices: Sequence[Choice]
    environment: dict[str, Any]
    test_opened: int
    reproduce: str
    open_test: str
    answers: Mapping[int, Any] = field(default_factory=dict)
    heats: Mapping[int, np.ndarray] = field(default_factory=dict)

    @property
    def task(self) -> str:
        """Name of the question that was asked."""
        return self.data.task

    @property
    def main_split(self) -> str | None:
        """The split that the headline is taken from: test once it was opened, else validation, else what there is."""
        return main_split(self.scores)


def main_split(scores: Mapping[str, Scores]) -> str | None:
    """Return the split that the headline is taken from: test once it was opened, else validation, else what there is."""
    return next((split for split in ("test", "validation") if split in scores), next(iter(scores), None))


def rows_shown(scores: Mapping[str, Scores]) -> dict[str, list[int]]:
    """Return, for every split, the rows whose truth is shown beside their answer, the most wrong first.

    Most of them are the most wrong; the others are spread evenly over the rest, so that nobody takes the worst for the usual. Empty for
    scores that do not rank all their pictures.
    """
    main = main_split(scores)
    found = {}
    for split, taken in scores.items():
        ranked = [one["row"] for one in taken.tables.get("worst") or () if "score" in one]
        worst, others = (_WORST, _OTHERS) if split == main else (_WORST_BESIDE, _OTHERS_BESIDE)
        rest = ranked[worst:]
        places = np.linspace(0, len(rest) - 1, min(others, len(rest))).round().astype(int)
        found[split] = ranked[:worst] + [rest[place] for place in places]
    return found
