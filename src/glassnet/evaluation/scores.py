"""Scores: every figure carries its interval, its count, its split and the threshold it was taken at.

A figure without n and interval, or with a NaN, cannot be built, which is the point.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from glassnet.evaluation import show


@dataclass(frozen=True)
class Figure:
    """One number with its 95 % interval. `method` names the interval (wilson, bootstrap, exact); `n` counts the pictures it rests on.

    Raises ValueError unless low <= value <= high are finite and n >= 1.
    """

    value: float
    low: float
    high: float
    n: int
    split: str
    method: str
    threshold: float | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.value, self.low, self.high)):
            raise ValueError(f"a figure must be finite, got {self.value} [{self.low}, {self.high}]")
        if not self.low <= self.value <= self.high or self.n < 1:
            raise ValueError(
                f"a figure lies in its interval and counts pictures, got {self.value} [{self.low}, {self.high}], n={self.n}"
            )

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] (n={self.n}, {self.split})"

    def _repr_html_(self) -> str:
        return show.html_text(str(self))

    def as_dict(self) -> dict:
        """Return plain JSON values; `Figure(**values)` is the inverse, exact to the last bit."""
        return asdict(self)


@dataclass(frozen=True)
class Scores:
    """The scores of one run on one split.

    `headline` names the figure that ranks runs (accuracy for classify). `figures` maps a name to a `Figure`; `per_class` maps a class name
    to its figures; `trivial` maps the name of a trivial model to the headline figure it reaches; `tables` holds what is no single
    number (confusion matrix, reliability bins, ROC and PR curves), as plain JSON values. `warnings` are sentences for a person.
    """

    task: str
    split: str
    headline: str
    figures: dict[str, Figure]
    per_class: dict[str, dict[str, Figure]] = field(default_factory=dict)
    trivial: dict[str, Figure] = field(default_factory=dict)
    tables: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Figure:
        return self.figures[name]

    @property
    def main(self) -> Figure:
        """The figure that ranks runs."""
        return self.figures[self.headline]

    @property
    def by_picture(self) -> dict[int, float]:
        """Score in [0, 1] of each picture by its catalog row, where the task gives pictures one; for `leak_price` and `compare_scores`."""
        return {one["row"]: one["score"] for one in self.tables.get("worst", ()) if "score" in one}

    def with_trivial(self, trivial: Mapping[str, Figure], warnings: tuple[str, ...] = ()) -> "Scores":
        """Return a copy that also says what trivial models reach, with the warnings that this gives rise to."""
        return replace(self, trivial=dict(trivial), warnings=(*self.warnings, *warnings))

    def as_dict(self) -> dict:
        """Return plain JSON values; `scores_from_dict` is the inverse, exact to the last bit."""
        return asdict(self) | {"warnings": list(self.warnings)}

    def text(self, brief: bool = False) -> str:
        """Return the scores as tables for a terminal: figures, classes, trivial models, warnings; `brief` leaves out what few need."""
        return show.scores_text(self, brief)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return show.scores_html(self)


def scores_from_dict(values: dict) -> Scores:
    """Rebuild `Scores` from what `as_dict` gave. Raises KeyError or TypeError when fields are missing or unknown."""
    return Scores(
        task=values["task"],
        split=values["split"],
        headline=values["headline"],
        figures=_figures(values["figures"]),
        per_class={name: _figures(row) for name, row in values["per_class"].items()},
        trivial=_figures(values["trivial"]),
        tables=values["tables"],
        warnings=tuple(values["warnings"]),
    )


def rate(successes: int, n: int, split: str, threshold: float | None = None) -> Figure:
    """Return the figure of a rate over n independent pictures, with its Wilson interval."""
    from glassnet.evaluation.intervals import wilson

    low, high = wilson(successes, n)
    return Figure(float(successes / n), low, high, int(n), split, "wilson", threshold)


def _figures(rows: dict) -> dict[str, Figure]:
    return {name: Figure(**row) for name, row in rows.items()}
