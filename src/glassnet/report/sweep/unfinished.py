"""Pruned and failed combinations with their reasons, and those that are still to come: none is left out of the record."""

import math

from glassnet.evaluation.show import number
from glassnet.report.markup import Markup, tag
from glassnet.report.page import Section, table
from glassnet.report.sweep.material import CombinationLine
from glassnet.report.sweep.view import View, duration

_SHOWN = 10
_TITLES = ((("failed",), "Failed"), (("pruned",), "Pruned"), (("running", "interrupted", "planned"), "Not finished"))


def section(view: View) -> Section | None:
    """Return a table per kind; None when all are done and have a score."""
    parts: list[Markup] = []
    for statuses, title in _TITLES:
        lines = [line for line in view.material.lines if line.status in statuses]
        if lines:
            parts += [tag("h3", f"{title} ({len(lines):,})"), *_tables(view, lines)]
    scoreless = [line for line in view.material.lines if line.status == "done" and not line.known]
    if scoreless:
        parts += [tag("h3", f"Done without a score ({len(scoreless):,})"), *_tables(view, scoreless)]
    if not parts:
        return None
    lead = "They stay on the record with their reason. What failed counts as tried."
    return Section("unfinished", "Pruned, failed, not finished", lead, tag("div", parts))


def _tables(view: View, lines: list[CombinationLine]) -> list[Markup]:
    rows = [_row(view, line) for line in lines]
    head = ("no.", "why", "epochs", "score then", "time", "settings")
    found: list[Markup] = [table(head, rows[:_SHOWN], words=2, ending=1)]
    if len(rows) > _SHOWN:
        found.append(
            tag(
                "details", tag("summary", f"{len(rows) - _SHOWN:,} more"), table(head, rows[_SHOWN:], words=2, ending=1)
            )
        )
    return [tag("div", found, cls="narrow")]


def _last(view: View, line: CombinationLine) -> float | None:
    """Return the score it had when it ended: its own, else the last of its curve."""
    points = view.material.curves.get(line.number) or ()
    known = [score for score in (line.score, *(score for _, score in reversed(points))) if score is not None]
    return next((score for score in known if math.isfinite(score)), None)


def _row(view: View, line: CombinationLine) -> tuple[object, ...]:
    epochs = "" if line.epochs is None else f"{line.epochs:,}"
    score = "" if (last := _last(view, line)) is None else number(last)
    link = tag("a", line.number, href=f"#c{line.number}")
    settings = tag("span", view.labels.said(line.values), cls="chosen")
    return link, line.sentence or line.status, epochs, score, duration(line.seconds), settings
