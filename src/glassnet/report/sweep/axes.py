"""Where the values of a setting lie on an axis: in equal steps, linear, or logarithmic where they span more than a factor of thirty."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from glassnet.report.charts import nice_ticks
from glassnet.report.sweep.labels import Labels, full, is_number, same

_LOG = 30.0  # factor from which an axis is logarithmic
_FEW = 6  # different numbers up to which each has its own tick and its own row of a heat map
_STEPPED = 12  # different numbers up to which those that no logarithm can show stand in equal steps
_BINS = 6
_EVEN = 0.3  # where the middle one of many numbers lies between the ends, if they were drawn evenly
_EDGE = 0.08  # room left and right of the outermost numbers


@dataclass(frozen=True)
class Tick:
    """A place in [0, 1] with its short text, and the whole text behind it."""

    place: float
    text: str
    full: str


@dataclass(frozen=True)
class Bin:
    """Values that stand together in one row or column of a heat map: [low, high], or one value where `value` is its key."""

    text: str
    full: str
    low: float = 0.0
    high: float = 0.0
    value: str | None = None

    def holds(self, value: Any) -> bool:
        """Return whether a value belongs here; bins of numbers touch, so ask them in order."""
        return same(value) == self.value if self.value is not None else self.low <= value <= self.high


@dataclass(frozen=True)
class Axis:
    """One setting. `kind` is steps, linear or log; `values` are the different values in their order on the axis."""

    setting: str
    name: str
    kind: str
    values: tuple[Any, ...]
    texts: tuple[str, ...]

    @property
    def varies(self) -> bool:
        """Whether there is anything to see along it."""
        return len(self.values) > 1

    @property
    def wordy(self) -> bool:
        """Whether its values are words rather than numbers."""
        return not all(is_number(value) for value in self.values)

    def place(self, value: Any) -> float:
        """Return where a value lies, from 0 at the start to 1 at the end."""
        if self.kind == "steps":
            keys = [same(known) for known in self.values]
            return (keys.index(same(value)) + 0.5) / len(keys)
        low, high = self._scaled(self.values[0]), self._scaled(self.values[-1])
        share = (self._scaled(value) - low) / (high - low) if high > low else 0.5
        return _EDGE + share * (1 - 2 * _EDGE)

    def ticks(self) -> list[Tick]:
        """Return the places that are named: each value where they are few, round numbers where they are many."""
        if self.kind == "steps" or len(self.values) <= _FEW:
            return _spaced([Tick(self.place(v), t, full(v)) for v, t in zip(self.values, self.texts, strict=True)])
        low, high = self.values[0], self.values[-1]
        rounds = _round_log(low, high) if self.kind == "log" else nice_ticks(low, high)
        inside = [value for value in rounds if low <= value <= high]
        return _spaced([Tick(self.place(value), f"{value:.4g}", f"{value:.4g}") for value in inside])

    def bins(self) -> list[Bin]:
        """Return the rows that a heat map has for it: each value, or six ranges of equal width on this axis."""
        if self.kind == "steps" or len(self.values) <= _FEW:
            return [Bin(t, full(v), value=same(v)) for v, t in zip(self.values, self.texts, strict=True)]
        low, high = self._scaled(self.values[0]), self._scaled(self.values[-1])
        edges = [self._back(low + (high - low) * i / _BINS) for i in range(_BINS + 1)]
        edges[0], edges[-1] = float(self.values[0]), float(self.values[-1])
        found = []
        for left, right in pairwise(edges):
            text = f"{left:.2g} – {right:.2g}" if self.kind == "log" else f"{left:.3g} – {right:.3g}"
            found.append(Bin(text, f"{left:.4g} to {right:.4g}", left, right))
        return found

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.kind == "log" else float(value)

    def _back(self, value: float) -> float:
        return math.exp(value) if self.kind == "log" else value


def axis_of(setting: str, values: Sequence[Any], labels: Labels) -> Axis:
    """Return the axis of a setting for the values that were tried, in the order in which they were first tried."""
    different = list({same(value): value for value in values}.values())
    kind = "steps"
    if different and all(is_number(value) and math.isfinite(value) for value in different):
        different.sort()
        kind = _kind(different)
    texts = tuple(labels.short(setting, value) for value in different)
    return Axis(setting, labels.name(setting), kind, tuple(different), texts)


def _kind(numbers: Sequence[float]) -> str:
    """Return the kind of axis for rising numbers."""
    if numbers[0] > 0:
        wide = numbers[-1] / numbers[0] > _LOG
        middle = (numbers[len(numbers) // 2] - numbers[0]) / (numbers[-1] - numbers[0] or 1)
        even = (
            len(numbers) > _STEPPED and middle > _EVEN
        )  # 300 numbers between 0.01 and 30 were not drawn from a log range
        return "log" if wide and not even else "linear"
    sizes = sorted(abs(value) for value in numbers if value)
    wide = bool(sizes) and sizes[-1] / sizes[0] > _LOG
    return "steps" if wide and len(numbers) <= _STEPPED else "linear"


def _round_log(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, math.ceil((last - first) / 6))
    tens = [10.0**power for power in range(first, last + 1, every)]
    if sum(low <= value <= high for value in tens) >= 3:
        return tens
    return [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 3)]


def _spaced(ticks: list[Tick]) -> list[Tick]:
    """Return the ticks without those that lie on top of the one before."""
    found: list[Tick] = []
    for tick in ticks:
        if not found or tick.place - found[-1].place > 0.045:
            found.append(tick)
    return found
