"""One line of the ledger as a value, and the words by which its contents are asked for. Imports nothing heavy."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassnet.evaluation.scores import Figure
    from glassnet.recipe import Recipe

# What a person calls a column, and the column.
WORDS = {
    "id": "id", "name": "name", "sweep": "sweep", "status": "status", "network": "network", "task": "task", "seed": "seed",
    "epochs": "epochs_done", "epochs_planned": "epochs_planned", "seconds": "seconds", "planned": "planned_at",
    "started": "started_at", "ended": "ended_at", "exit": "exit_code", "sentence": "sentence", "data": "data_hash",
    "code": "code_version", "machine": "machine", "test_opened": "test_opened", "combination": "combination", "repeat": "repeat",
    "score": "score",
}  # fmt: skip
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class ScoreRow:
    """One figure of a run: of a whole split (kind figure), of one class (kind class, `of`), or of a trivial model (kind trivial, `of`)."""

    figure: "Figure"
    split: str
    kind: str
    of: str
    name: str
    headline: bool


@dataclass(frozen=True)
class Row:
    """One run or combination, as the ledger holds it. Times are UTC, ISO 8601; `settings` has every dotted recipe field.

    Rows of a sweep have the number of their combination, which repeat they are, and in `chosen` the values of the settings that vary.
    """

    id: int
    sweep: str | None
    name: str
    folder: str | None
    status: str
    token: int
    exit_code: int | None
    sentence: str | None
    settings: dict[str, Any]
    seed: int | None
    data_hash: str | None
    code_version: str | None
    machine: str | None
    task: str | None
    network: str | None
    epochs_done: int
    epochs_planned: int | None
    planned_at: str
    started_at: str | None
    ended_at: str | None
    heartbeat_at: str | None
    test_opened: int
    scores: tuple[ScoreRow, ...] = ()
    combination: int | None = None
    repeat: int | None = None
    chosen: dict[str, Any] = field(default_factory=dict)
    worker: str | None = None

    @property
    def seconds(self) -> float | None:
        """Wall-clock seconds from the first start to the end, or to the last sign of life."""
        end = self.ended_at or self.heartbeat_at
        if self.started_at is None or end is None:
            return None
        return (datetime.fromisoformat(end) - datetime.fromisoformat(self.started_at)).total_seconds()

    def figure(self, name: str, split: str) -> "Figure | None":
        """Return a figure of a whole split by name, or None."""
        return next((s.figure for s in self.scores if (s.kind, s.split, s.name) == ("figure", split, name)), None)

    def headline(self, split: str) -> "Figure | None":
        """Return the figure that ranks runs, on one split, or None."""
        return next((s.figure for s in self.scores if s.headline and s.split == split), None)

    def values(self) -> dict[str, Any]:
        """Return everything that can be asked for by name.

        Columns by the words of `WORDS`, settings by their dotted name, figures as `validation.accuracy` with `.low`, `.high` and
        `.n`. A bare figure name, and `score`, mean the validation split: runs are never ranked by their test score unawares.
        """
        found: dict[str, Any] = {word: getattr(self, column) for word, column in WORDS.items() if word != "score"}
        main = self.headline("validation")
        found["score"] = main.value if main else None
        for row in self.scores:
            if row.kind != "figure":
                continue
            figure = row.figure
            named = {"": figure.value, ".low": figure.low, ".high": figure.high, ".n": figure.n}
            found |= {f"{row.split}.{row.name}{end}": value for end, value in named.items()}
            if row.split == "validation":
                found.setdefault(row.name, figure.value)
        return self.settings | found

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values; `row_from_dict` is the inverse, exact to the last bit."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "scores"}
        shown = [
            {
                "split": s.split,
                "kind": s.kind,
                "of": s.of,
                "name": s.name,
                "headline": s.headline,
                "figure": s.figure.as_dict(),
            }
            for s in self.scores
        ]
        return plain | {"scores": shown}


def row_from_dict(values: Mapping[str, Any]) -> Row:
    """Rebuild a row from what `as_dict` gave. Raises KeyError or TypeError when fields are missing or unknown."""
    from glassnet.evaluation.scores import Figure

    scores = tuple(
        ScoreRow(Figure(**s["figure"]), s["split"], s["kind"], s["of"], s["name"], s["headline"])
        for s in values["scores"]
    )
    plain: dict[str, Any] = {**values, "scores": scores}
    return Row(**plain)


def settings_of(recipe: "Recipe") -> dict[str, Any]:
    """Return every dotted field of a recipe with its value as plain JSON (`train.lr`: 0.01; a layer list stays a list)."""
    plain = recipe.model_dump(mode="json")
    found: dict[str, Any] = {}
    for part, value in plain.items():
        if isinstance(getattr(recipe, part), tuple | str) or not isinstance(value, dict):
            found[part] = value
        else:
            found |= {f"{part}.{name}": inner for name, inner in value.items()}
    return found


def changed_settings(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Return the names of the settings that differ, or that only one of the two has, in the order of the left, then the right."""
    names = list(dict.fromkeys([*left, *right]))
    return [n for n in names if n not in left or n not in right or json.dumps(left[n]) != json.dumps(right[n])]
