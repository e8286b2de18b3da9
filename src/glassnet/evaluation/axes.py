"""The settings of a search space as axes of cells, so that a combination is a row of whole numbers."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_FINEST = 64
OFF = -1


@dataclass(frozen=True, eq=False)
class Axis:
    """One setting. `weights`, float64 (cells,), sum to 1: how likely each cell is before anything is known.

    `ordered` says that neighbours are alike: numbers are, names are not. `places` maps the text of a listed value to its cell; a range
    has none, and `edges` of its cells instead, on its own scale (`log`).
    """

    weights: np.ndarray
    ordered: bool
    places: dict[str, int] | None = None
    edges: np.ndarray | None = None
    log: bool = False

    @property
    def size(self) -> int:
        """The number of cells."""
        return len(self.weights)

    def place(self, value: Any) -> int:
        """Return the cell of a value. Raises KeyError for a value that is not in the list."""
        if self.places is not None:
            return self.places[_text(value)]
        assert self.edges is not None
        at = math.log(value) if self.log else float(value)
        return int(np.clip(np.searchsorted(self.edges, at, side="right") - 1, 0, self.size - 1))


def axis_of(setting: Any) -> Axis:
    """Return the axis of a list (`values`) or of a range (`low`, `high`, `log`, `integer`, `step`)."""
    if hasattr(setting, "values"):
        values = list(setting.values)
        ordered = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        values = sorted(values) if ordered else values
        return Axis(np.full(len(values), 1 / len(values)), ordered, {_text(value): i for i, value in enumerate(values)})
    return _range(setting.low, setting.high, setting.log, 1 if setting.integer and not setting.step else setting.step)


def placed(values: Mapping[str, Any], axes: Mapping[str, Axis]) -> list[int]:
    """Return the cell of a combination on each axis, OFF where a condition switches the setting off. Raises KeyError as `place` does."""
    return [axis.place(values[name]) if name in values else OFF for name, axis in axes.items()]


def _range(low: float, high: float, log: bool, step: float | None) -> Axis:
    steps = None if step is None else round((high - low) / step) + 1
    if steps is not None and steps <= _FINEST:
        # Whole steps: each cell reaches half a step to both sides, as a draw that is rounded to them does.
        assert step is not None
        edges = low + (np.arange(steps + 1) - 0.5) * step
        edges = np.log(np.maximum(edges, low / 2)) if log else edges
    elif log:
        edges = np.linspace(math.log(low), math.log(high), _FINEST + 1)
    else:
        edges = np.linspace(low, high, _FINEST + 1)
    width = np.diff(edges)
    return Axis(width / width.sum(), True, edges=edges, log=log)


def _text(value: Any) -> str:
    # 0 and 0.0 are one value; a trip through a database may turn one into the other.
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value))
    return json.dumps(value, sort_keys=True)
