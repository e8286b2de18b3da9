"""What is taken for what: the confusion matrix, and behind each of its cells the pictures."""

from typing import Any

from glassnet.report.markup import Markup, tag
from glassnet.report.material import Material
from glassnet.report.page import Section, table
from glassnet.report.pictures import data_uri, short_name

_MATRIX = 30  # classes up to which the whole matrix is drawn
_PAIRS = 40  # beyond that, the most confused pairs
_LETTERS = 4_000_000  # of all pictures behind cells together: a report is sent by mail


def section(material: Material) -> Section | None:
    """Return the matrix of the main split, or None without one. `pictures` gives what its script needs."""
    split = material.main_split
    found = material.scores[split].tables.get("confusion") if split else None
    if not split or not found:
        return None
    classes, counts = found["classes"], found["counts"]
    lead = (
        f"Rows are the truth, columns the answer, “found” is the recall of a class, all on {split}. "
        "Press a number to see the pictures behind it."
    )
    behind = tag("div", id=f"behind-{split}", cls="behind", aria_live="polite")
    if len(classes) <= _MATRIX:
        return Section("confusion", "What is taken for what", lead, tag("div", _matrix(split, classes, counts), behind))
    pairs = [cell[:2] for cell in _reachable(found)]
    if not pairs:
        return Section("confusion", "What is taken for what", f"Nothing: every answer on {split} is right.", tag("div"))
    rows = [(classes[t], classes[a], _button(f"{t}-{a}", counts[t][a], classes[t], classes[a])) for t, a in pairs]
    lead = (
        f"The most confused pairs of {len(classes)} classes on {split}. Press a number to see the pictures behind it."
    )
    listed = tag("div", table(("truth", "answer", "pictures"), rows, words=2), cls="confusion", data_split=split)
    return Section("confusion", "What is taken for what", lead, tag("div", listed, behind))


def pictures(material: Material) -> dict[str, Any]:
    """Return {"cells": by split and "truth-answer", "pictures": by row}, each picture once.

    Every cell gets its first picture before any gets its second, so that a large matrix is cut evenly where the file is full.
    """
    split = material.main_split
    found = material.scores[split].tables.get("confusion") if split else None
    if not split or not found:
        return {"cells": {}, "pictures": {}}
    classes, counts = found["classes"], found["counts"]
    reached = _reachable(found)
    shown: dict[str, Any] = {}
    taken: dict[str, list[int]] = {f"{truth}-{answer}": [] for truth, answer, _ in reached}
    room = _LETTERS
    for place in range(max((len(rows) for *_, rows in reached), default=0)):
        for truth, answer, rows in reached:
            if place < len(rows) and room > 0:
                shown[str(rows[place])] = one = _picture(material, rows[place])
                taken[f"{truth}-{answer}"].append(rows[place])
                room -= len(one["uri"]) + len(one["key"])
    cells = {}
    for truth, answer, _ in reached:
        rows, n = taken[f"{truth}-{answer}"], counts[truth][answer]
        note = f"{n:,} picture{'s' if n != 1 else ''}" + (f", {len(rows)} of them shown." if len(rows) < n else ".")
        title = _said(classes[truth], classes[answer])
        cells[f"{truth}-{answer}"] = {"title": title, "note": note, "pictures": rows}
    return {"cells": {split: cells}, "pictures": shown}


def _reachable(found: dict[str, Any]) -> list[list[Any]]:
    """Return the cells [truth, answer, rows] that have a button, mistakes first, the most frequent before the others."""
    counts = found["counts"]
    order = sorted(found["cells"], key=lambda cell: (cell[0] == cell[1], -counts[cell[0]][cell[1]], cell[0], cell[1]))
    if len(found["classes"]) <= _MATRIX:
        return order
    return [cell for cell in order if cell[0] != cell[1]][:_PAIRS]


def _picture(material: Material, row: int) -> dict[str, Any]:
    pixels, key = material.data.picture(row), material.data.keys[row]
    return {"uri": data_uri(pixels), "key": key, "name": short_name(key), "small": max(pixels.shape[:2]) <= 40}


def _matrix(split: str, classes: list[str], counts: list[list[int]]) -> Markup:
    totals = [sum(row) for row in counts]
    head = [tag("td"), *(tag("th", name, scope="col") for name in classes), tag("th", "found", scope="col")]
    rows = []
    for truth, (name, row) in enumerate(zip(classes, counts, strict=True)):
        cells = [_cell(truth, answer, n, totals[truth], name, classes[answer]) for answer, n in enumerate(row)]
        share = f"{row[truth] / totals[truth]:.0%}" if totals[truth] else "–"
        rows.append(tag("tr", tag("th", name, scope="row"), cells, tag("td", share, cls="share")))
    inside = tag("thead", tag("tr", head)), tag("tbody", rows)
    drawn = tag("table", inside, cls="confusion", data_split=split, aria_label="Truth in rows, answers in columns")
    return tag("div", drawn, cls="scroll", role="region", aria_label="Confusion matrix", tabindex="0")


def _cell(truth: int, answer: int, n: int, total: int, true_name: str, answer_name: str) -> Markup:
    if not n:
        return tag("td", tag("span", "·", aria_label="0"))
    share = n / max(total, 1)
    level = 1 + (share > 0.1) + (share > 0.3) + (share > 0.6)
    kind = "hit" if truth == answer else "miss"
    return tag("td", _button(f"{truth}-{answer}", n, true_name, answer_name), cls=f"{kind}{level}")


def _button(cell: str, n: int, truth: str, answer: str) -> Markup:
    label = f"{n} pictures: {_said(truth, answer)}"
    return tag("button", f"{n:,}", type="button", data_cell=cell, aria_pressed="false", aria_label=label)


def _said(truth: str, answer: str) -> str:
    return f"{truth}, rightly answered" if truth == answer else f"{truth} taken for {answer}"
