"""Parallel coordinates: a line for each combination through all of its settings to its score, coloured by the score."""

from dataclasses import dataclass, field
from itertools import pairwise

from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section
from glassnet.report.sweep.axes import Axis
from glassnet.report.sweep.drawing import drawing, linked, rule, short, words
from glassnet.report.sweep.labels import OFF, cut
from glassnet.report.sweep.material import CombinationLine
from glassnet.report.sweep.view import View

_STEP, _WIDER = 124, 170  # from one axis to the next; with few of them, wider
_FEW, _AXES = 5, 12  # settings that count as few, and settings that are shown
_MANY = 100  # lines from which each is drawn thinner
_LEFT, _RIGHT, _TOP, _DEPTH = 26, 66, 40, 270
_OFF = 30  # how far below an axis those lie in which its setting is off
_BAND = 26.0  # height over which lines through one value are spread, so that each can be followed
_LETTERS = 17


def section(view: View) -> Section | None:
    """Return the chart; None with fewer than two settings or two scores, where slices say all there is."""
    if len(view.axes) < 2 or len(view.ranked) < 2:
        return None
    axes = mattered(view)
    plan = _Plan(view, axes)
    lines = [plan.line(line) for line in reversed(view.ranked)]  # the best last, so that it lies on top
    parts = [*plan.rules(), *lines, *plan.texts()]
    said = f"{len(view.ranked)} lines through {', '.join(axis.setting for axis in axes)} to the score"
    many = " many" if len(lines) > _MANY else ""
    chart = drawing("Parallel coordinates", said, plan.size, parts, f"chart parallel wide{len(axes)}{many}")
    body = tag("div", view.shades.legend(), linked("Parallel coordinates", chart))
    lead = f"Follow a line from left to right: the values of a combination, then its {view.score_name}. The best is drawn thick."
    if len(axes) < len(view.axes):
        lead += f" Shown are the {len(axes)} settings that mattered most."
    return Section("parallel", "All settings at once", lead + view.below, body)


def mattered(view: View) -> tuple[Axis, ...]:
    """Return the axes in the order of the space, without those that mattered least where there are too many."""
    if len(view.axes) <= _AXES:
        return view.axes
    shares = view.material.importance.shares if view.material.importance else {}
    kept = sorted(view.axes, key=lambda axis: -shares.get(axis.setting, 0.0))[:_AXES]
    return tuple(axis for axis in view.axes if axis in kept)


@dataclass
class _Plan:
    """Where everything lies."""

    view: View
    axes: tuple[Axis, ...]
    at: dict[int, list[tuple[float, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, axis in enumerate(self.axes):
            self._spread(place, axis)
        for line in self.view.ranked:
            self.at.setdefault(line.number, []).append((self.x(len(self.axes)), self.y(self.view.share(line.score))))

    @property
    def size(self) -> tuple[int, int]:
        off = any(axis.setting not in line.values for axis in self.axes for line in self.view.ranked)
        return int(self.x(len(self.axes))) + _RIGHT, _TOP + _DEPTH + (_OFF if off else 0) + 14

    def x(self, place: int) -> float:
        return _LEFT + (_WIDER if len(self.axes) <= _FEW else _STEP) * place

    def y(self, share: float) -> float:
        return _TOP + _DEPTH * (1 - share)

    def _spread(self, place: int, axis: Axis) -> None:
        """Lay the lines of one value beside each other, the better above."""
        groups: dict[float, list[CombinationLine]] = {}
        for line in self.view.ranked:
            known = axis.setting in line.values
            y = self.y(axis.place(line.values[axis.setting])) if known else _TOP + _DEPTH + _OFF
            groups.setdefault(y, []).append(line)
        ordered = sorted(groups)
        gap = min((b - a for a, b in pairwise(ordered)), default=_DEPTH)
        for y, lines in groups.items():
            band = _BAND / 2 if y > _TOP + _DEPTH else min(_BAND, gap * 0.6)
            step = min(band / max(1, len(lines) - 1), 6.0)
            for i, line in enumerate(lines):
                self.at.setdefault(line.number, []).append((self.x(place), y + (i - (len(lines) - 1) / 2) * step))

    def line(self, line: CombinationLine) -> Markup:
        points = " ".join(f"{short(x)},{short(y)}" for x, y in self.at[line.number])
        cls = f"way {self.view.shades.of(line.score or 0.0)}" + (" top" if line.best else "")
        return tag("polyline", tag("title", self.view.title(line)), points=points, cls=cls, data_n=line.number)

    def rules(self) -> list[Markup]:
        ends = [self.x(place) for place in range(len(self.axes) + 1)]
        return [rule(x, _TOP - 4, x, _TOP + _DEPTH + 4, "upright") for x in ends]

    def texts(self) -> list[Markup]:
        parts = []
        for place, axis in enumerate(self.axes):
            x = self.x(place)
            scale = " (log)" if axis.kind == "log" else ""
            parts.append(words(cut(axis.name, _LETTERS) + scale, x - 14, _TOP - 18, "start", "name", axis.setting))
            for tick in axis.ticks():
                text = cut(tick.text, _LETTERS)
                parts.append(words(text, x + 5, self.y(tick.place) + 4, "start", "halo", tick.full))
            if any(axis.setting not in line.values for line in self.view.ranked):
                parts.append(words(OFF, x + 5, _TOP + _DEPTH + _OFF + 4, "start", "halo"))
        x = self.x(len(self.axes))
        parts.append(words(cut(self.view.score_name, _LETTERS), x + _RIGHT - 6, _TOP - 18, "end", "name"))
        for value in self.view.ticks:
            parts.append(words(f"{value:.4g}", x + 6, self.y(self.view.share(value)) + 4, "start", "halo"))
        return parts
