"""What is taken for what: the confusion matrix, and behind each of its cells the pictures."""

from typing import Any

from glassnet.report.markup import Markup, tag
from glassnet.report.material import Material
from glassnet.report.page import Section, table
from glassnet.report.pictures import data_uri, short_name

_MATRIX = 30  # classes up to which the whole matrix is drawn
_PAIRS = 40  # beyond that, the most confused pairs
_PICTURES = 1500  # over all cells: what a file that is sent by mail can hold


def section(material: Material) -> Section | None:
    """Return the matrix of the main split, or None without one. `pictures` gives what its script needs."""
    split = material.main_split
    found = material.scores[split].tables.get("confusion") if split else None
    if not split or not found:
        return None
    classes, counts = found["classes"], found["counts"]
    lead = f"Rows are the truth, columns the answer, from the pictures of {split}. Press a number to see the pictures behind it."
    behind = tag("div", id=f"behind-{split}", cls="behind", aria_live="polite")
    if len(classes) <= _MATRIX:
        return Section("confusion", "What is taken for what", lead, tag("div", _matrix(split, classes, counts), behind))
    pairs = sorted(
        ((counts[t][a], t, a) for t in range(len(classes)) for a in range(len(classes)) if t != a and counts[t][a]),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    rows = [(classes[t], classes[a], _button(f"{t}-{a}", n, classes[t], classes[a])) for n, t, a in pairs[:_PAIRS]]
    lead = (
        f"The {min(_PAIRS, len(pairs))} most confused pairs of {len(classes)} classes on {split}. "
        "Press a number to see the pictures behind it."
    )
    listed = tag("div", table(("truth", "answer", "pictures"), rows, words=2), cls="confusion", data_split=split)
    return Section("confusion", "What is taken for what", lead, tag("div", listed, behind))


def pictures(material: Material) -> dict[str, Any]:
    """Return {"cells": by split and "truth-answer", "pictures": by row}, each picture once, mistakes before right answers."""
    split = material.main_split
    found = material.scores[split].tables.get("confusion") if split else None
    if not split or not found:
        return {"cells": {}, "pictures": {}}
    classes, counts = found["classes"], found["counts"]
    shown: dict[str, Any] = {}
    cells: dict[str, Any] = {}
    filled = sorted(found["cells"], key=lambda cell: (cell[0] == cell[1], -counts[cell[0]][cell[1]]))
    each = max(4, min(24, _PICTURES // max(len(filled), 1)))
    for truth, answer, rows in filled:
        taken = [row for row in rows[:each] if len(shown) < _PICTURES]
        for row in taken:
            pixels = material.data.picture(row)
            key = material.data.keys[row]
            shown[str(row)] = {
                "uri": data_uri(pixels), "key": key, "name": short_name(key), "small": max(pixels.shape[:2]) <= 40,
            }  # fmt: skip
        n = counts[truth][answer]
        title = _said(classes[truth], classes[answer])
        cells[f"{truth}-{answer}"] = {
            "title": title,
            "alt": title,
            "note": f"{n:,} picture{'s' if n != 1 else ''}"
            + (f", {len(taken)} of them shown." if len(taken) < n else "."),
            "pictures": taken,
        }
    return {"cells": {split: cells}, "pictures": shown}


def _matrix(split: str, classes: list[str], counts: list[list[int]]) -> Markup:
    totals = [sum(row) for row in counts]
    head = [tag("td"), *(tag("th", name, scope="col") for name in classes), tag("th", "found", scope="col")]
    rows = []
    for truth, (name, row) in enumerate(zip(classes, counts, strict=True)):
        cells = [_cell(truth, answer, n, totals[truth], name, classes[answer]) for answer, n in enumerate(row)]
        share = f"{row[truth] / totals[truth]:.0%}" if totals[truth] else "–"
        rows.append(tag("tr", tag("th", name, scope="row"), cells, tag("td", share, cls="share")))
    caption = tag("caption", "Truth in rows, answers in columns; “found” is the recall of each class.")
    drawn = tag("table", caption, tag("thead", tag("tr", head)), tag("tbody", rows), cls="confusion", data_split=split)
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
