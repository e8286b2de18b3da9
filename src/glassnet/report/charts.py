"""Charts as SVG that reads in dark and light, on a phone, and without a script: a title for each, values on hover."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glassnet.report.markup import Markup, tag

_WIDTH, _HEIGHT = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 20, 34
_POINTS = 120  # a longer curve shows every second or third value


@dataclass(frozen=True)
class Line:
    """One curve. `style` is first, second or faint; NaN values are left out."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: str = "first"


@dataclass(frozen=True)
class Frame:
    """The plane of a chart: which values lie at its edges, and what the axes are called."""

    left: float
    right: float
    bottom: float
    top: float
    x_name: str
    y_name: str
    x_text: Callable[[float], str] = "{:.4g}".format

    def x(self, value: float) -> float:
        """Return the place of a value across."""
        return _LEFT + (value - self.left) / (self.right - self.left) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        """Return the place of a value upward."""
        return _HEIGHT - _BOTTOM - (value - self.bottom) / (self.top - self.bottom) * (_HEIGHT - _TOP - _BOTTOM)


def curves(
    title: str,
    lines: Sequence[Line],
    x_name: str,
    y_name: str,
    mark: tuple[float, str] | None = None,
    x_text: Callable[[float], str] = "{:.4g}".format,
) -> Markup:
    """Return curves over a common axis. `mark` is a place on that axis with its name, drawn as a dotted line; `x_text` writes its values.

    A curve of one value is drawn as a point.
    """
    xs = [value for line in lines for value in line.x]
    ys = [value for line in lines for value in line.y if math.isfinite(value)]
    low, high = (min(ys), max(ys)) if ys else (0.0, 1.0)
    ticks = nice_ticks(low, high)
    left, right = (min(xs), max(xs)) if xs else (0.0, 1.0)
    frame = Frame(left, right if right > left else left + 1, ticks[0], ticks[-1], x_name, y_name, x_text)
    parts: list[Markup] = _axes(frame, whole_ticks(left, right), ticks)
    if mark is not None:
        at = frame.x(mark[0])
        side = "end" if at > _WIDTH * 0.7 else "start"
        parts.append(tag("line", x1=_n(at), x2=_n(at), y1=_TOP, y2=_HEIGHT - _BOTTOM, cls="mark"))
        parts.append(
            tag("text", mark[1], x=_n(at + (-4 if side == "end" else 4)), y=_HEIGHT - _BOTTOM - 5, text_anchor=side)
        )
    for place, line in enumerate(lines):
        parts += _curve(frame, line)
        parts.append(tag("text", line.name, x=_LEFT + 8 + place * 130, y=_TOP - 7, cls=line.style))
    return _svg(title, _said(lines), parts)


def shares(title: str, line: Line, x_name: str, y_name: str, point: tuple[float, float, str], chance: bool) -> Markup:
    """Return a curve in the unit square, with `point` (x, y, what it is) marked; `chance` draws the diagonal of guessing."""
    quarters = [0, 0.25, 0.5, 0.75, 1]
    frame = Frame(0, 1, 0, 1, x_name, y_name)
    parts = _axes(frame, quarters, quarters)
    if chance:
        parts.append(_diagonal(frame))
    x, y, what = point
    said = f"{what}: {x_name} {x:.3g}, {y_name} {y:.3g}"
    parts += _curve(frame, line)
    parts.append(tag("circle", tag("title", said), cx=_n(frame.x(x)), cy=_n(frame.y(y)), r=6, cls="point"))
    parts.append(tag("text", line.name, x=_LEFT + 8, y=_TOP - 7, cls=line.style))
    return _svg(title, f"{_said([line])}; {said}", parts)


def reliability(title: str, bins: Sequence[dict]) -> Markup:
    """Return bars of the share of right answers over the confidence of answers, with intervals, beside the diagonal."""
    frame = Frame(0, 1, 0, 1, "confidence", "share right")
    parts = _axes(frame, [0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1])
    parts.append(_diagonal(frame))
    for found in bins:
        left, right = frame.x(found["low"]), frame.x(found["high"])
        top, middle = frame.y(found["accuracy"]), (left + right) / 2
        hover = f"confidence {found['confidence']:.2f}, right {found['accuracy']:.2f}, {found['n']} pictures"
        bar = tag("title", hover)
        shape = {"x": _n(left + 1), "y": _n(top), "width": _n(right - left - 2), "height": _n(frame.y(0) - top)}
        parts.append(tag("rect", bar, cls="bar", **shape))
        ends = frame.y(found["accuracy_low"]), frame.y(found["accuracy_high"])
        parts.append(tag("line", x1=_n(middle), x2=_n(middle), y1=_n(ends[0]), y2=_n(ends[1]), cls="whisker"))
    said = "; ".join(f"{b['confidence']:.2f}: {b['accuracy']:.2f}" for b in bins)
    return _svg(title, f"Share of right answers by confidence: {said}", parts)


def _diagonal(frame: Frame) -> Markup:
    return tag("line", x1=_n(frame.x(0)), y1=_n(frame.y(0)), x2=_n(frame.x(1)), y2=_n(frame.y(1)), cls="mark")


def _curve(frame: Frame, line: Line) -> list[Markup]:
    known = [(x, y) for x, y in zip(line.x, line.y, strict=True) if math.isfinite(y)]
    every = max(1, math.ceil(len(known) / _POINTS))
    points = [point for i, point in enumerate(known) if i % every == 0 or i == len(known) - 1]
    path = " ".join(f"{_n(frame.x(x))},{_n(frame.y(y))}" for x, y in points)
    dots = [
        tag(
            "circle",
            tag("title", f"{line.name}, {frame.x_name} {frame.x_text(x)}: {y:.4g}"),
            cx=_n(frame.x(x)), cy=_n(frame.y(y)), r=5, cls="dot" if len(points) > 1 else f"alone {line.style}",
        )
        for x, y in points
    ]  # fmt: skip
    return [tag("polyline", points=path, cls=line.style), *dots]


def _axes(frame: Frame, xs: Sequence[float], ys: Sequence[float]) -> list[Markup]:
    base = _HEIGHT - _BOTTOM
    parts = [tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_n(frame.y(y)), y2=_n(frame.y(y)), cls="axis") for y in ys]
    parts += [tag("text", f"{y:.4g}", x=_LEFT - 6, y=_n(frame.y(y) + 4), text_anchor="end") for y in ys]
    parts += [tag("text", frame.x_text(x), x=_n(frame.x(x)), y=base + 15, text_anchor="middle") for x in xs]
    parts.append(tag("text", frame.x_name, x=_WIDTH - _RIGHT, y=_HEIGHT - 4, text_anchor="end"))
    parts.append(tag("text", frame.y_name, x=_WIDTH - _RIGHT, y=_TOP - 7, text_anchor="end"))
    return parts


def _svg(title: str, description: str, parts: Sequence[Markup]) -> Markup:
    inside = [tag("title", title), tag("desc", description), *parts]
    return tag("svg", inside, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=title, cls="chart")


def _said(lines: Sequence[Line]) -> str:
    """Return where each curve begins and ends, for those who cannot see it."""
    found = []
    for line in lines:
        values = [y for y in line.y if math.isfinite(y)]
        if values:
            found.append(
                f"{line.name} goes from {values[0]:.4g} to {values[-1]:.4g}, between {min(values):.4g} and {max(values):.4g}"
            )
    return "; ".join(found)


def nice_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values that enclose [low, high], in steps of 1, 2 or 5 times a power of ten."""
    span = high - low if high > low else max(abs(high), 1e-6) * 0.2
    raw = span / max(about - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return [round(k * step, 12) for k in range(first, last + 1)]


def whole_ticks(low: float, high: float) -> list[float]:
    """Return up to six values of [low, high] for an axis that counts."""
    inside = [value for value in nice_ticks(low, high, 6) if low <= value <= high and value == int(value)]
    return inside if low in inside else [low, *(value for value in inside if value - low > (high - low) / 8)]


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
