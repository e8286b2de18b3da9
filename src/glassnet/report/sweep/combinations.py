"""Every combination in a table, the best first; the page's script sorts it by any column."""

import math
from typing import Any

from glassnet.evaluation.show import number
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section, table
from glassnet.report.sweep.labels import OFF, is_number
from glassnet.report.sweep.material import CombinationLine
from glassnet.report.sweep.view import View, duration, interval

_TALL = 30  # rows from which the table scrolls by itself
_ORDER = ("done", "pruned", "running", "interrupted", "failed", "planned")


def section(view: View) -> Section:
    """Return the table with all settings that differ, and the list of values that were shortened."""
    lines = sorted(view.material.lines, key=_order)
    settings, equal = _settings(view)
    repeats = any(len(line.repeats) > 1 for line in lines)
    head = [_head("no.", "number"), _head(view.score_name, "number"), _head("interval", "number", "none")]
    if repeats:
        head.append(_head("repeats", "number", "none"))
    head += [_head("", "", "none"), *(_head(setting, "") for setting in settings)]
    head += [_head("time", "number"), _head("epochs", "number"), _head("status", ""), _head("runs", "")]
    rows = [_row(view, line, settings, repeats) for line in lines]
    body = tag("table", tag("thead", tag("tr", head)), tag("tbody", rows), cls="sortable")
    tall = "scroll tall" if len(rows) > _TALL else "scroll"
    parts: list[Markup | None] = [
        tag("p", "The same in all: ", equal, ".", cls="note") if equal else None,
        tag("div", body, cls=tall, tabindex="0", role="region", aria_label="All combinations"),
        _shortened(view),
    ]
    lead = f"Sorted by {view.score_name} on validation, {view.material.interval} beside it. "
    lead += "“As good” means: cannot be told from the best. Combinations without a score stand at the end."
    return Section("combinations", "All combinations", lead, tag("div", parts))


def _settings(view: View) -> tuple[list[str], str]:
    """Return the settings that differ between combinations, and in words those that do not."""
    differ, equal = [], []
    for setting in view.material.named:
        found = {
            view.labels.short(setting, line.values[setting]) if setting in line.values else OFF
            for line in view.material.lines
        }
        if len(found) > 1 or len(view.material.lines) == 1:
            differ.append(setting)
        else:
            equal.append(f"{setting} {next(iter(found), OFF)}")
    return differ, ", ".join(equal)


def _order(line: CombinationLine) -> tuple[int, float, int]:
    score = line.score if line.score is not None and math.isfinite(line.score) else None
    place = _ORDER.index(line.status) if line.status in _ORDER else len(_ORDER)
    return (0 if line.known else 1 + place, -score if score is not None else math.inf, line.number)


def _head(text: str, cls: str, sort: str | None = None) -> Markup:
    return tag("th", text or tag("span", "mark", cls="unseen"), scope="col", cls=cls or None, data_sort=sort)


def _row(view: View, line: CombinationLine, settings: list[str], repeats: bool) -> Markup:
    cells = [
        _cell(number(line.score) if line.score is not None and math.isfinite(line.score) else "", line.score),
        _cell(interval(line)),
    ]
    if repeats:
        cells.append(_cell(", ".join(number(score) for score in line.repeats)))
    mark = "best" if line.best else "as good" if line.equal_to_best else ""
    cells += [tag("td", mark, cls="mark"), *(_value(view, setting, line) for setting in settings)]
    cells += [
        _cell(duration(line.seconds), line.seconds),
        _cell("" if line.epochs is None else f"{line.epochs:,}", line.epochs),
    ]
    state = line.status if line.status in _ORDER else None
    cells += [tag("td", line.status, cls=state), tag("td", ", ".join(line.runs), cls="names")]
    first = tag("th", line.number, scope="row", cls="number", data_v=line.number)
    return tag("tr", first, cells, id=f"c{line.number}", cls="winner" if line.best else None)


def _value(view: View, setting: str, line: CombinationLine) -> Markup:
    if setting not in line.values:
        return tag("td", OFF, cls="quiet")
    value = line.values[setting]
    if is_number(value):
        return _cell(view.labels.marked(setting, value), value)
    return tag("td", view.labels.marked(setting, value), cls="value")


def _cell(text: Any, value: float | None = None) -> Markup:
    known = value is not None and math.isfinite(value)
    return tag("td", text, cls="number", data_v=repr(value) if known else None)


def _shortened(view: View) -> Markup | None:
    """Return what the short forms stand for, for those who have no pointer to hover with."""
    if not view.labels.shortened:
        return None
    rows = [(setting, short, tag("code", whole)) for setting, short, whole in view.labels.shortened]
    return tag(
        "details", tag("summary", "Long values in full"), table(("setting", "short form", "value"), rows, words=3)
    )
