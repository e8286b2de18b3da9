"""Scores: every figure carries its interval, its count, its split and the threshold it was taken at.

A figure without n and interval cannot be built, which is the point.
"""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One number with its 95 % interval. `method` names the interval: wilson, bootstrap or exact; `n` counts pictures."""

    value: float
    low: float
    high: float
    n: int
    split: str
    method: str
    threshold: float | None = None

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] (n={self.n}, {self.split})"


@dataclass(frozen=True)
class Scores:
    """The scores of one run on one split.

    `headline` names the figure that ranks runs (accuracy for classify). `figures` maps a name to a `Figure`; `per_class` maps a class name
    to its figures; `trivial` maps the name of a trivial model to the headline figure it reaches; `tables` holds what is no single
    number (confusion matrix, reliability bins, ROC and PR curves), as plain JSON values.
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

    def as_dict(self) -> dict:
        """Return plain JSON values; `scores_from_dict` is the inverse."""
        return asdict(self)


def scores_from_dict(values: dict) -> Scores:
    """Rebuild `Scores` from what `as_dict` gave."""
    figures = {name: Figure(**value) for name, value in values["figures"].items()}
    per_class = {c: {name: Figure(**v) for name, v in row.items()} for c, row in values["per_class"].items()}
    trivial = {name: Figure(**value) for name, value in values["trivial"].items()}
    return Scores(
        values["task"],
        values["split"],
        values["headline"],
        figures,
        per_class,
        trivial,
        values["tables"],
        tuple(values["warnings"]),
    )
