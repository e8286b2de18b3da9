"""The learning curves of all combinations in one chart: who was ahead early, who was stopped, who won."""

import math
from collections.abc import Sequence

from glassnet.evaluation.show import number
from glassnet.report.charts import nice_ticks, whole_ticks
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section
from glassnet.report.sweep.drawing import drawing, linked, rule, short, words
from glassnet.report.sweep.material import CombinationLine
from glassnet.report.sweep.view import View, counted

_WIDTH, _HEIGHT = 900, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 18, 38
_MANY = 100  # curves from which each is drawn thinner
_POINTS = 60  # a longer curve shows every second or third epoch

Points = list[tuple[int, float]]


def section(view: View) -> Section | None:
    """Return the chart; None where nothing was recorded."""
    curves = {number: points for number, found in view.material.curves.items() if (points := _known(found))}
    if not curves:
        return None
    best = view.material.best
    drawn = _Chart(curves)
    order = sorted(curves, key=lambda n: _place(view.by_number.get(n), best))
    parts: list[Markup] = [*drawn.axes(), *(drawn.curve(view, n, best) for n in order)]
    said = f"{counted(len(curves), 'curve')}"
    if best is not None and best.number in curves:
        said += f"; the best, combination {best.number}, ends at {number(curves[best.number][-1][1])}"
    many = " many" if len(curves) > _MANY else ""
    chart = drawing("Score on validation over epochs", said, (_WIDTH, _HEIGHT), parts, f"chart learning{many}")
    stopped = sum(1 for n in curves if (line := view.by_number.get(n)) is not None and line.status == "pruned")
    lead = f"The {view.score_name} on validation after each epoch. The best is drawn thick; colours go by the score in the table."
    if stopped:
        lead += f" Dotted: {stopped:,} that were pruned."
    body = tag("div", view.shades.legend() if view.ranked else None, linked("Learning curves", chart))
    return Section("learning", "Learning curves of all", lead, body)


def _known(points: Sequence[tuple[int, float]]) -> Points:
    return [(epoch, score) for epoch, score in points if score is not None and math.isfinite(score)]


def _place(line: CombinationLine | None, best: CombinationLine | None) -> tuple[int, float]:
    """Return what lies further up: unfinished ones below, then by score, the best on top."""
    if line is None or not line.known:
        return 0, 0.0
    return (2 if line == best else 1), line.score or 0.0


class _Chart:
    """The plane of the chart."""

    def __init__(self, curves: dict[int, Points]) -> None:
        scores = [score for points in curves.values() for _, score in points]
        epochs = [epoch for points in curves.values() for epoch, _ in points]
        self.curves = curves
        self.ticks = nice_ticks(min(scores), max(scores))
        self.left, self.right = min(epochs), max(epochs)

    def x(self, epoch: float) -> float:
        span = self.right - self.left
        return _LEFT + ((epoch - self.left) / span if span else 0.5) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, score: float) -> float:
        share = (score - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def axes(self) -> list[Markup]:
        parts = [rule(_LEFT, self.y(value), _WIDTH - _RIGHT, self.y(value)) for value in self.ticks]
        parts += [words(f"{value:.4g}", _LEFT - 6, self.y(value) + 4, "end") for value in self.ticks]
        at = whole_ticks(self.left, self.right) if self.right > self.left else [self.left]
        parts += [words(f"{value:.4g}", self.x(value), _HEIGHT - _BOTTOM + 16) for value in at]
        parts.append(words("epoch", _WIDTH - _RIGHT, _HEIGHT - 4, "end", "name"))
        return parts

    def curve(self, view: View, n: int, best: CombinationLine | None) -> Markup:
        """Return one curve; a single epoch is a point."""
        line, points = view.by_number.get(n), self.curves[n]
        known = line is not None and line.known
        shade = view.shades.of(line.score or 0.0) if line is not None and known else "unranked"
        cls = (
            shade
            + (" stopped" if line is not None and line.status == "pruned" else "")
            + (" top" if known and line == best else "")
        )
        status = "" if line is None or known else f", {line.status}"
        said = tag("title", (f"combination {n}" if line is None else view.title(line)) + status)
        if len(points) == 1:
            x, y = points[0]
            return tag("circle", said, cx=short(self.x(x)), cy=short(self.y(y)), r=4, cls=f"spot {cls}", data_n=n)
        every = max(1, math.ceil(len(points) / _POINTS))
        kept = [point for i, point in enumerate(points) if i % every == 0 or i == len(points) - 1]
        path = " ".join(f"{short(self.x(x))},{short(self.y(y))}" for x, y in kept)
        return tag("polyline", said, points=path, cls=f"way {cls}", data_n=n)
