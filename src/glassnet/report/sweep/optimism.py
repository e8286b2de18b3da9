"""What picking the best of many is worth less than it looks."""

from glassnet.evaluation.show import number
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section
from glassnet.report.sweep.view import View


def section(view: View) -> Section | None:
    """Return how much the best score flatters, beside what the test set says; None with fewer than two scores."""
    best, figure = view.material.best, view.material.optimism
    if best is None or best.score is None or len(view.ranked) < 2:
        return None
    parts: list[Markup] = []
    if figure is not None:
        fair = best.score - max(0.0, figure.value)
        edges = f"{number(figure.low)} to {number(figure.high)} with 95 % confidence"
        what = f", measured in {view.material.optimism_of}" if view.material.optimism_of else ""
        said = f"The highest of {len(view.ranked):,} scores flatters by about {number(figure.value)}{what} ({edges}; {figure.method})."
        if figure.value <= 0:
            said = f"No flattery was found: {number(figure.value)}{what} ({edges}; {figure.method})."
        parts.append(tag("p", said))
        if not view.material.optimism_of:  # what is measured in something else cannot be taken off the score
            expected = tag("strong", f"Expect about {number(fair)} on new pictures")
            parts.append(tag("p", expected, f", rather than {number(best.score)}."))
    else:
        parts.append(
            tag(
                "p",
                "How much was not measured: that needs the answers to every validation picture, of two combinations at least.",
            )
        )
    test = view.material.test
    if test is not None:
        gap = best.score - test.value
        way = "lower than" if gap > 0 else "higher than" if gap < 0 else "equal to"
        by = f"{number(abs(gap))} {way}" if gap else way
        parts.append(tag("p", f"The test set, which no choice leaned on, says {number(test.value)}: {by} validation."))
    lead = "The best of many scores is partly the luckiest. The more combinations are tried, the more it says too much."
    return Section("flattery", "How much picking the best flatters", lead, tag("div", parts))
