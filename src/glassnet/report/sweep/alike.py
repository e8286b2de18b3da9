"""Which combinations cannot be told from the best, by which test, and which of them costs least."""

from glassnet.evaluation.show import number
from glassnet.report.markup import Markup, prose, tag
from glassnet.report.page import Section, table
from glassnet.report.sweep.material import CombinationLine
from glassnet.report.sweep.view import View, counted, duration, interval

_SHOWN = 25


def section(view: View) -> Section | None:
    """Return the list of those that are as good as the best; None while nothing is done."""
    found, best = view.material.distinguished, view.material.best
    if best is None:
        return None
    alike = [line for line in view.ranked if line.number == best.number or line.equal_to_best]
    parts: list[Markup | None] = []
    if found is not None:
        parts.append(tag("p", prose(found.test)))
    elif len(view.ranked) > 1:
        parts.append(tag("p", "No test was made, so nothing can be said about which differences are more than chance."))
    parts.append(_said(view, best, alike))
    if len(alike) > 1:
        parts.append(_table(view, alike))
    parts.append(_cheapest(view, best))
    lead = "A higher score need not mean a better combination: other pictures, or another seed, could have turned the order around."
    return Section("alike", "As good as the best", lead, tag("div", parts))


def _said(view: View, best: CombinationLine, alike: list[CombinationLine]) -> Markup:
    others = len(view.ranked) - 1
    if not others:
        return tag("p", f"Combination {best.number} is the only one with a score.")
    if len(alike) > 1:
        text = f"{len(alike) - 1:,} of {others:,} others cannot be told from combination {best.number}."
    elif view.material.distinguished is not None:
        text = f"Combination {best.number} differs from {'the other' if others == 1 else f'all {others:,} others'}."
    else:
        text = f"Combination {best.number} has the highest score of {others + 1:,}."
    return tag("p", tag("strong", text))


def _table(view: View, alike: list[CombinationLine]) -> Markup:
    chances = view.material.distinguished.p if view.material.distinguished else {}
    rows = [_row(view, line, chances.get(line.number)) for line in alike]
    head = ("no.", view.score_name, "interval", "p, corrected", "time", "settings")
    first = table(head, rows[:_SHOWN], f"{counted(len(alike), 'combination')}, the best first", ending=1)
    if len(rows) <= _SHOWN:
        return tag("div", first, cls="narrow")
    rest = table(head, rows[_SHOWN:], ending=1)
    return tag("div", first, tag("details", tag("summary", f"{len(rows) - _SHOWN:,} more"), rest), cls="narrow")


def _row(view: View, line: CombinationLine, chance: float | None) -> tuple[object, ...]:
    p = "" if chance is None else "< 0.001" if chance < 0.001 else f"{chance:.3f}"
    link = tag("a", line.number, href=f"#c{line.number}")
    return link, number(line.score or 0.0), interval(line), p, duration(line.seconds), _settings(view, line)


def _settings(view: View, line: CombinationLine) -> Markup:
    shown = [setting for setting in line.values if setting in {axis.setting for axis in view.axes}] or list(line.values)
    pairs = [
        [", " if i else None, f"{view.labels.name(s)} ", view.labels.marked(s, line.values[s])]
        for i, s in enumerate(shown)
    ]
    return tag("span", pairs, cls="chosen")


def _cheapest(view: View, best: CombinationLine) -> Markup | None:
    cheap = view.by_number.get(view.material.cheapest) if view.material.cheapest is not None else None
    if cheap is None or cheap.seconds is None:
        return None
    if cheap.number == best.number:
        text = (
            "The best is also the cheapest of these."
            if any(line.equal_to_best for line in view.ranked if line != best)
            else None
        )
        return tag("p", text) if text else None
    saved = f", {cheap.seconds / best.seconds * 100:.0f} % of the time of the best" if best.seconds else ""
    return tag(
        "p",
        tag("strong", f"The cheapest of these is combination {cheap.number}"),
        f": {duration(cheap.seconds)}{saved}, with {view.labels.said(cheap.values)}.",
        cls="verdict good",
    )
