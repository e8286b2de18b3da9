"""Scores as colours: nine steps whose lightness falls or rises all the way, so that nobody needs to tell red from green."""

from collections.abc import Sequence
from dataclasses import dataclass

from glassnet.report.markup import Markup, tag

STEPS = 9


@dataclass(frozen=True)
class Shades:
    """The scale of a page. Scores at or below `low` get the first step; `cut` says whether some lie below it."""

    low: float
    high: float
    cut: bool = False

    def of(self, score: float) -> str:
        """Return the class of a score, s0 (low) to s8 (high)."""
        if self.high <= self.low:
            return f"s{STEPS - 1}"
        share = (score - self.low) / (self.high - self.low)
        return f"s{min(STEPS - 1, max(0, int(share * STEPS)))}"

    def legend(self) -> Markup:
        """Return the scale as a strip with its ends written beside it."""
        patches = [tag("rect", x=place * 12, y=0, width=12, height=14, cls=f"s{place}") for place in range(STEPS)]
        strip = tag("svg", patches, viewBox=f"0 0 {STEPS * 12} 14", width=STEPS * 12, height=14, aria_hidden="true")
        left = f"{self.low:.3f} or less" if self.cut else f"{self.low:.3f}"
        return tag("p", "Score: ", left, " ", strip, f" {self.high:.3f}", cls="note shades")


def shades_of(scores: Sequence[float]) -> Shades:
    """Return the scale of finite scores. Few that lie far below the others do not take the colours away from them."""
    if not scores:
        return Shades(0.0, 1.0)
    ordered = sorted(scores)
    quarter, three = (_quantile(ordered, share) for share in (0.25, 0.75))
    fence = quarter - 1.5 * (three - quarter)
    low = next(score for score in ordered if score >= fence)
    if low == ordered[-1]:  # nearly all are equal: what lies below is all there is to see
        low = ordered[0]
    return Shades(low, ordered[-1], low > ordered[0])


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
