"""Two settings at once: the mean score of every pair of values, over all that differs otherwise."""

from itertools import combinations
from statistics import fmean

from glassnet.evaluation.show import number
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section
from glassnet.report.sweep.axes import Axis, Bin
from glassnet.report.sweep.labels import cut
from glassnet.report.sweep.view import View, counted

_SETTINGS = 10  # settings whose pairs are shown: those that mattered most
_LETTERS = 26
_WORDS = 14  # words that an axis may have and still be a heat map


def section(view: View) -> Section | None:
    """Return a heat map for each pair of settings, the pair that mattered most first; None with fewer than two settings."""
    axes = _by_importance(
        view, [axis for axis in view.axes if axis.varies and (not axis.wordy or len(axis.values) <= _WORDS)]
    )
    left_out = max(0, len(axes) - _SETTINGS)
    pairs = list(combinations(axes[:_SETTINGS], 2))
    if not pairs:
        return None
    maps = [_pair(view, down, across, place) for place, (down, across) in enumerate(pairs)]
    parts: list[Markup | None] = [
        tag("p", cls="chooser", hidden=True, data_label="Settings: "),
        view.shades.legend(),
        tag("div", maps),
        tag("p", f"{counted(left_out, 'setting')} that mattered least left out.", cls="note") if left_out else None,
    ]
    lead = f"Each cell is the mean {view.score_name} of the combinations with these two values, over everything else that differs."
    return Section("pairs", "Two settings at once", lead, tag("div", parts, cls="heats"))


def _by_importance(view: View, axes: list[Axis]) -> list[Axis]:
    shares = view.material.importance.shares if view.material.importance else {}
    return sorted(axes, key=lambda axis: -shares.get(axis.setting, 0.0))


def _pair(view: View, down: Axis, across: Axis, place: int) -> Markup:
    rows, columns = down.bins(), across.bins()
    found: dict[tuple[int, int], list[tuple[float, int]]] = {}
    outside = 0
    for line in view.ranked:
        if down.setting in line.values and across.setting in line.values:
            at = _bin(rows, line.values[down.setting]), _bin(columns, line.values[across.setting])
            found.setdefault(at, []).append((line.score or 0.0, line.number))
        else:
            outside += 1
    counts = {len(cell) for cell in found.values()}
    each = (
        f"Each cell holds {counted(counts.pop(), 'combination')}."
        if len(counts) == 1
        else "The small number counts them."
    )
    if outside:
        each += f" Not in it: {outside:,} in which one of the two is off."
    head = [tag("th", tag("span", cut(column.text, _LETTERS), title=_hover(column)), scope="col") for column in columns]
    body = [
        _row(view, row, [found.get((i, j), []) for j in range(len(columns))], "small" in each)
        for i, row in enumerate(rows)
    ]
    name = f"{down.setting} × {across.setting}"
    corner = tag("td", tag("span", f"{down.name} ↓"), " ", tag("span", f"{across.name} →"), cls="corner")
    whole = tag("table", tag("caption", each), tag("thead", tag("tr", corner, head)), tag("tbody", body), cls="heat")
    region = tag("div", whole, cls="scroll", tabindex="0", role="region", aria_label=name)
    return tag("details", tag("summary", name), region, open=place == 0, cls="two", data_name=name)


def _bin(bins: list[Bin], value: object) -> int:
    """Return the bin of a value; what rounding pushed over an edge belongs to the nearest end."""
    return next((i for i, each in enumerate(bins) if each.holds(value)), len(bins) - 1)


def _row(view: View, row: Bin, cells: list[list[tuple[float, int]]], count: bool) -> Markup:
    return tag(
        "tr",
        tag("th", tag("span", cut(row.text, _LETTERS), title=_hover(row)), scope="row"),
        [_cell(view, cell, count) for cell in cells],
    )


def _cell(view: View, cell: list[tuple[float, int]], count: bool) -> Markup:
    if not cell:
        return tag("td", "–", cls="none")
    mean = fmean(score for score, _ in cell)
    best = max(cell)
    hover = f"mean of {counted(len(cell), 'combination')}, the best is number {best[1]} with {number(best[0])}"
    small = tag("small", len(cell)) if count else None
    return tag("td", number(mean), small, cls=view.shades.of(mean), title=hover)


def _hover(found: Bin) -> str | None:
    return found.full if found.full != found.text or len(found.text) > _LETTERS else None
