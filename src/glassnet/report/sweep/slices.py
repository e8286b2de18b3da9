"""Slices: the score of every combination over one setting at a time. Equal values stand side by side."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from glassnet.evaluation.show import number
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section
from glassnet.report.sweep.axes import Axis
from glassnet.report.sweep.drawing import drawing, linked, rule, short, words
from glassnet.report.sweep.labels import cut, full
from glassnet.report.sweep.material import CombinationLine
from glassnet.report.sweep.view import View

_WIDTH, _HEIGHT = 420, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 24, 38
_BAND = 46.0  # width in which combinations of one value stand beside each other
_ROW = 46  # height of one value that is a word
_LETTERS = 62  # of such a value


def section(view: View) -> Section | None:
    """Return one chart per setting that takes more than one value; None when there is none."""
    axes = [axis for axis in view.axes if axis.varies]
    if not axes:
        return None
    charts = [slice_of(view, axis) for axis in axes]
    lead = (
        f"Each point is a combination, with its interval; the short bar is the mean of those with the same value. Score is the "
        f"{view.score_name} on validation."
    )
    if len(axes) > 1:
        lead += " Other settings differ between the points too."
    lead += view.below
    return Section("slices", "Score over each setting", lead, linked("Slices", tag("div", charts, cls="charts")))


def slice_of(view: View, axis: Axis) -> Markup:
    """Return the chart of one setting: numbers run from left to right, words have a row each."""
    lines = [line for line in view.ranked if axis.setting in line.values]
    places: dict[float, list[CombinationLine]] = {}
    for line in lines:
        places.setdefault(axis.place(line.values[axis.setting]), []).append(line)
    chart = _rows(view, axis, places) if axis.wordy else _across(view, axis, places)
    missing = len(view.ranked) - len(lines)
    note = f"Not in the chart: {missing:,} in which it is off." if missing else ""
    return tag("figure", chart, tag("figcaption", note) if note else None)


def _across(view: View, axis: Axis, places: dict[float, list[CombinationLine]]) -> Markup:
    span, base = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _BOTTOM
    ticks = view.ticks

    def up(score: float) -> float:
        return base - view.share(score) * (base - _TOP)

    band = min(_BAND, _gap(list(places)) * span * 0.7)
    parts = [rule(_LEFT, up(value), _WIDTH - _RIGHT, up(value)) for value in ticks]
    parts += [words(f"{value:.4g}", _LEFT - 6, up(value) + 4, "end") for value in ticks]
    parts += [words(tick.text, _LEFT + tick.place * span, base + 15, hover=tick.full) for tick in axis.ticks()]
    parts.append(_name(view, axis, _HEIGHT - 5))
    whiskers, points = [], []
    for place, lines in places.items():
        middle = _LEFT + place * span
        for line, x in zip(lines, _beside(middle, band, len(lines)), strict=True):
            if line.low is not None and line.high is not None:
                whiskers.append(f"M{short(x)} {short(up(line.low))}V{short(up(line.high))}")
            points.append(_point(view, line, x, up(line.score or 0.0)))
        if len(lines) > 1:
            y = up(fmean(line.score or 0.0 for line in lines))
            parts.append(rule(middle - band / 2 - 4, y, middle + band / 2 + 4, y, "mean"))
    parts += [tag("path", d="".join(whiskers), cls="whiskers"), *points]
    return drawing(_title(view, axis), _said(view, axis, places), (_WIDTH, _HEIGHT), parts)


def _rows(view: View, axis: Axis, places: dict[float, list[CombinationLine]]) -> Markup:
    """Return a chart whose values are words: a row each, with room for what they say."""
    height = _TOP + _ROW * len(axis.values) + _BOTTOM
    base, left = height - _BOTTOM, 14
    span = _WIDTH - left - 20
    ticks = view.ticks

    def across(score: float) -> float:
        return left + view.share(score) * span

    parts = [rule(across(value), _TOP, across(value), base) for value in ticks]
    parts += [words(f"{value:.4g}", across(value), base + 15) for value in ticks]
    parts.append(_name(view, axis, _TOP - 10, left, "start"))
    parts.append(words("score", _WIDTH - _RIGHT, height - 5, "end"))
    whiskers, points = [], []
    for value, text in zip(axis.values, axis.texts, strict=True):
        top = _TOP + axis.place(value) * _ROW * len(axis.values) - _ROW / 2
        parts.append(words(cut(text, _LETTERS), left, top + 13, "start", "value", full(value)))
        lines = places.get(axis.place(value), [])
        for line, y in zip(lines, _beside(top + 30, 20 if len(lines) > 1 else 0, len(lines)), strict=True):
            if line.low is not None and line.high is not None:
                whiskers.append(f"M{short(across(line.low))} {short(y)}H{short(across(line.high))}")
            points.append(_point(view, line, across(line.score or 0.0), y))
        if len(lines) > 1:
            x = across(fmean(line.score or 0.0 for line in lines))
            parts.append(rule(x, top + 18, x, top + 42, "mean"))
    parts += [tag("path", d="".join(whiskers), cls="whiskers"), *points]
    return drawing(_title(view, axis), _said(view, axis, places), (_WIDTH, height), parts)


def _point(view: View, line: CombinationLine, x: float, y: float) -> Markup:
    cls = (
        f"spot {view.shades.of(line.score or 0.0)}"
        + (" top" if line.best else "")
        + (" edge" if (line.score or 0.0) < view.ticks[0] else "")
    )
    said = tag("title", view.title(line))
    return tag("circle", said, cx=short(x), cy=short(y), r=5 if line.best else 3.5, cls=cls, data_n=line.number)


def _beside(middle: float, band: float, n: int) -> list[float]:
    """Return n places spread evenly over a band, the first in its middle and neighbours in rank far from each other.

    Nothing is drawn by chance, and yet no slope or peak appears where there is none: the order is that of the golden ratio's multiples.
    """
    step = min(band / max(1, n - 1), 9.0)
    golden = [(0.5 + i * 0.6180339887) % 1.0 for i in range(n)]
    places = {i: place for place, i in enumerate(sorted(range(n), key=lambda i: golden[i]))}
    return [middle + (places[i] - (n - 1) / 2) * step for i in range(n)]


def _gap(places: Sequence[float]) -> float:
    ordered = sorted(places)
    return min((b - a for a, b in pairwise(ordered)), default=1.0)


def _name(view: View, axis: Axis, y: float, x: float = _WIDTH - _RIGHT, anchor: str = "end") -> Markup:
    scale = ", log scale" if axis.kind == "log" else ", equal steps" if axis.kind == "steps" and not axis.wordy else ""
    return words(f"{axis.name}{scale}", x, y, anchor, "name", axis.setting)


def _title(view: View, axis: Axis) -> str:
    return f"{view.score_name} over {axis.setting}"


def _said(view: View, axis: Axis, places: dict[float, list[CombinationLine]]) -> str:
    """Return the best of each value, or of the whole axis where there are many."""
    every = [line for lines in places.values() for line in lines]
    if len(places) > 12:
        best = max(every, key=lambda line: line.score or 0.0)
        has = view.labels.said({axis.setting: best.values[axis.setting]})
        return f"{len(every)} combinations; the best, {number(best.score or 0.0)}, has {has}"
    found = []
    for value in axis.values:
        lines = places.get(axis.place(value), [])
        scores = [line.score or 0.0 for line in lines]
        if scores:
            label = view.labels.short(axis.setting, value)
            found.append(f"{label}: {len(lines)}, mean {number(fmean(scores))}, best {number(max(scores))}")
    return "; ".join(found)
