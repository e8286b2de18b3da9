"""What the sections of one page share: the labels, the axes and the colours of a sweep, worked out once."""

import math
from collections.abc import Mapping
from functools import cached_property

from glassnet.evaluation.show import name_of, number
from glassnet.report.charts import nice_ticks
from glassnet.report.sweep.axes import Axis, axis_of
from glassnet.report.sweep.labels import Labels
from glassnet.report.sweep.material import CombinationLine, SweepMaterial
from glassnet.report.sweep.shades import Shades, shades_of


class View:
    """One sweep as its sections see it."""

    def __init__(self, material: SweepMaterial) -> None:
        self.material = material
        self.labels = Labels(material)

    @cached_property
    def ranked(self) -> tuple[CombinationLine, ...]:
        """The finished combinations with a score, the best first."""
        return self.material.ranked

    @cached_property
    def by_number(self) -> Mapping[int, CombinationLine]:
        """Every combination by its number."""
        return {line.number: line for line in self.material.lines}

    @cached_property
    def shades(self) -> Shades:
        """The colours of the finished scores."""
        return shades_of([line.score for line in self.ranked if line.score is not None])

    @cached_property
    def ticks(self) -> tuple[float, ...]:
        """The ticks of an axis of scores. Few that lie far below all others are left below it, or nothing else could be seen."""
        lines = [line for line in self.ranked if line.score is not None and line.score >= self.shades.low]
        found = [line.score for line in lines if line.score is not None]
        found += [edge for line in lines for edge in (line.low, line.high) if edge is not None and math.isfinite(edge)]
        return tuple(nice_ticks(min(found), max(found))) if found else (0.0, 1.0)

    def share(self, score: float | None) -> float:
        """Return where a score lies between the ends of that axis, from 0 to 1; what lies below it is at its lower end."""
        low, high = self.ticks[0], self.ticks[-1]
        return min(1.0, max(0.0, ((score or 0.0) - low) / (high - low)))

    @cached_property
    def below(self) -> str:
        """What a chart says of the scores that lie below its axis; nothing where there are none."""
        n = sum(line.score is not None and line.score < self.ticks[0] for line in self.ranked)
        return (
            f" {counted(n, 'combination')} below {self.ticks[0]:.4g} lie{'s' if n == 1 else ''} on the edge."
            if n
            else ""
        )

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """An axis for every setting that takes more than one value among the finished, or is on in some of them only."""
        found = []
        for setting in self.material.named:
            values = [
                line.values[setting]
                for line in sorted(self.ranked, key=lambda line: line.number)
                if setting in line.values
            ]
            axis = axis_of(setting, values, self.labels)
            if axis.varies or 0 < len(values) < len(self.ranked):
                found.append(axis)
        return tuple(found)

    @property
    def score_name(self) -> str:
        """What is ranked, as a person reads it."""
        return name_of(self.material.headline.replace(" ", "_"))

    def title(self, line: CombinationLine) -> str:
        """Return what a point or a line says on hover."""
        score = "" if line.score is None else f": {number(line.score)}"
        return f"combination {line.number}{score}"


def interval(line: CombinationLine) -> str:
    """Return `0.890 – 0.930`, or nothing where there is no interval."""
    if line.low is None or line.high is None or not math.isfinite(line.low + line.high):
        return ""
    return f"{number(line.low)} – {number(line.high)}"


def duration(seconds: float | None) -> str:
    """Return a time as a person says it: 8.2 s, 3.1 min, 2.5 h."""
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.1f}\u00a0s" if seconds < 10 else f"{seconds:.0f}\u00a0s"
    return f"{seconds / 60:.1f}\u00a0min" if seconds < 7200 else f"{seconds / 3600:.1f}\u00a0h"


def counted(n: int, word: str) -> str:
    """Return `1 combination`, `24 combinations`."""
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"
