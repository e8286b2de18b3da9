"""Learning curves small enough for a table's side: inline SVG in the page's own text colour, for a history shown in a notebook."""

import math
from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _EDGE = 240, 90, 6
# One line for training, one for validation; both stand out on white and on the dark grey of notebooks.
_STYLES = ('stroke="#2b8ad6"', 'stroke="#d9772b" stroke-dasharray="6 3"')


def sparkline(title: str, training: Sequence[float], validation: Sequence[float]) -> str:
    """Return an SVG with both curves over the epochs on one scale; NaN values are left out, a curve of one value is a dot."""
    known = [value for value in (*training, *validation) if math.isfinite(value)]
    if not known:
        return ""
    low, high = min(known), max(known)
    drawn = "".join(
        _curve(curve, low, high, style) for curve, style in zip((training, validation), _STYLES, strict=True)
    )
    heard = f"{title}: {low:.3g} to {high:.3g}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT + 18}" width="{_WIDTH}" role="img" style="max-width:100%">'
        f"<title>{escape(heard)}</title>{drawn}"
        f'<text x="{_EDGE}" y="{_HEIGHT + 13}" fill="currentColor" font-size="11">{escape(heard)}</text></svg>'
    )


def _curve(values: Sequence[float], low: float, high: float, style: str) -> str:
    across = (_WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    upward = (_HEIGHT - 2 * _EDGE) / ((high - low) or 1.0)
    points = [
        f"{_EDGE + across * place:.1f},{_HEIGHT - _EDGE - upward * (value - low):.1f}"
        for place, value in enumerate(values)
        if math.isfinite(value)
    ]
    if len(points) == 1:
        x, y = points[0].split(",")
        return f'<circle cx="{x}" cy="{y}" r="3" fill="none" {style}/>'
    return f'<polyline points="{" ".join(points)}" fill="none" stroke-width="2" {style}/>' if points else ""
