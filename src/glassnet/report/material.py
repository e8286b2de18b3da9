"""What a report is made of: everything a section may show, gathered once by the pipeline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.choice import Choice
from glassnet.data.audit import Audit
from glassnet.data.lock import Lock
from glassnet.evaluation.scores import Scores
from glassnet.networks.summary import Summary
from glassnet.recipe import Recipe
from glassnet.training.history import History


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

    def name(self, row: int) -> str:
        """Return the class name of a row."""
        label = int(self.labels[row])
        return self.classes[label] if label >= 0 else "no class"


@dataclass(frozen=True)
class Material:
    """One run with its pictures. `scores` by split; `verdict` as verdict.json has it; `commands` are what to type: reproduce and open."""

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

    @property
    def main_split(self) -> str | None:
        """The split that the headline is taken from: test once it was opened, else validation, else what there is."""
        for split in ("test", "validation"):
            if split in self.scores:
                return split
        return next(iter(self.scores), None)
