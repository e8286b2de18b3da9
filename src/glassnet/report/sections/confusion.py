"""What is taken for what: the confusion matrix of pictures or of pixels, and behind each of its cells the pictures."""

from typing import Any

from glassnet.report.beside import beside
from glassnet.report.markup import Markup, tag
from glassnet.report.material import Material
from glassnet.report.page import Section, table
from glassnet.report.pictures import data_uri, short_name

_MATRIX = 30  # classes up to which the whole matrix is drawn
_PAIRS = 40  # beyond that, the most confused pairs
_LETTERS = 4_000_000  # of all pictures behind cells together: a report is sent by mail
_LETTERS_OF_PIXELS = 1_000_000  # beside the mosaic, which shows the same pictures
_SIDE_OF_PIXELS, _OF_A_CELL = 220, 4
_LEAST = 0.005  # share of a class's pixels from which a cell has a number


def section(material: Material) -> Section | None:
    """Return the matrix of the main split, or None without one. `pictures` gives what its script needs."""
    split = material.main_split
    found = material.scores[split].tables.get("confusion") if split else None
    if not split or not found:
        return None
    title, classes, counts = "What is taken for what", found["classes"], found["counts"]
    pixels = found.get("unit") == "pixels"
    opening = {(truth, answer) for truth, answer, _ in _opening(material, found)}
    press = "Press a number to see the pictures behind it."
    lead = f"Rows are the truth, columns the answer, “found” is the recall of a class, all on {split}. {press}"
    if pixels:
        lead = (
            f"Of all {split} pixels of a class (row), the percentage that was given each class (column); less than half a per cent "
            f"is a dot. {'Press a number to see where.' if opening else ''}"
        )
    behind = tag("div", id=f"behind-{split}", cls="behind", aria_live="polite")
    if len(classes) <= _MATRIX:
        return Section("confusion", title, lead, tag("div", _matrix(split, classes, counts, opening, pixels), behind))
    pairs = [cell[:2] for cell in _reachable(found)]
    if not pairs:
        return Section("confusion", title, f"Nothing: every answer on {split} is right.", tag("div"))
    rows = [
        (classes[t], classes[a], _cell(t, a, counts[t][a], sum(counts[t]), classes, (t, a) in opening, pixels))
        for t, a in pairs
    ]
    lead = f"The most confused pairs of {len(classes)} classes on {split}. {press if opening else ''}"
    unit = "of its pixels" if pixels else "pictures"
    listed = tag("div", table(("truth", "answer", unit), rows, words=2), cls="confusion", data_split=split)
    return Section("confusion", title, lead, tag("div", listed, behind))


def pictures(material: Material) -> dict[str, Any]:
    """Return {"cells": by split and "truth-answer", "pictures": by number}, each picture once.

    Every cell gets its first picture before any gets its second, so that a large matrix is cut evenly where the file is full.
    """
    split = material.main_split
    found = material.scores[split].tables.get("confusion") if split else None
    if not split or not found:
        return {"cells": {}, "pictures": {}}
    classes, counts = found["classes"], found["counts"]
    pixels = found.get("unit") == "pixels"
    reached = _opening(material, found)
    shown: dict[str, Any] = {}
    taken: dict[str, list[str]] = {f"{truth}-{answer}": [] for truth, answer, _ in reached}
    room = _LETTERS_OF_PIXELS if pixels else _LETTERS
    for place in range(max((len(rows) for *_, rows in reached), default=0)):
        for truth, answer, rows in reached:
            if place < len(rows) and room > 0:
                name = f"{rows[place]}-{truth}-{answer}" if pixels else str(rows[place])
                if name not in shown:
                    lit = (classes[truth], classes[answer]) if pixels else None
                    shown[name] = _picture(material, rows[place], lit)
                    room -= len(shown[name]["uri"]) + len(shown[name]["key"])
                taken[f"{truth}-{answer}"].append(name)
    cells = {}
    for truth, answer, _ in reached:
        names, n = taken[f"{truth}-{answer}"], counts[truth][answer]
        title = _said(classes[truth], classes[answer])
        note = _note(n, len(names), sum(counts[truth]), pixels)
        cells[f"{truth}-{answer}"] = {"title": title, "note": note, "pictures": names, "wide": pixels}
    return {"cells": {split: cells}, "pictures": shown}


def _note(n: int, shown: int, total: int, pixels: bool) -> str:
    if pixels:
        return f"{n:,} pixels, {n / max(total, 1):.1%} of the class. Light is where they are, in the pictures that have most of them."
    return f"{n:,} picture{'s' if n != 1 else ''}" + (f", {shown} of them shown." if shown < n else ".")


def _opening(material: Material, found: dict[str, Any]) -> list[list[Any]]:
    """Return the cells [truth, answer, rows] that open pictures. Of pixels these are the pictures whose answer is at hand."""
    reached = _reachable(found)
    if found.get("unit") != "pixels":
        return reached
    counts = found["counts"]
    mistaken = [
        [truth, answer, [row for row in rows if row in material.answers][:_OF_A_CELL]]
        for truth, answer, rows in reached
        if truth != answer and counts[truth][answer] >= _LEAST * sum(counts[truth])
    ]
    return [cell for cell in mistaken if cell[2]]


def _reachable(found: dict[str, Any]) -> list[list[Any]]:
    """Return the cells [truth, answer, rows] that have a button, mistakes first, the most frequent before the others."""
    counts = found["counts"]
    order = sorted(found["cells"], key=lambda cell: (cell[0] == cell[1], -counts[cell[0]][cell[1]], cell[0], cell[1]))
    if len(found["classes"]) <= _MATRIX:
        return order
    return [cell for cell in order if cell[0] != cell[1]][:_PAIRS]


def _picture(material: Material, row: int, lit: tuple[str, str] | None) -> dict[str, Any]:
    """Return what the script makes a figure of; `lit` is a pair of classes, truth and answer, whose pixels are shown."""
    key = material.data.keys[row]
    pixels, longest = material.data.picture(row), 112
    if lit is not None:
        pixels, longest = beside(material, row, {}).lit(*lit, _SIDE_OF_PIXELS), _SIDE_OF_PIXELS
    small = max(pixels.shape[:2]) <= 40
    return {"uri": data_uri(pixels, longest), "key": key, "name": short_name(key), "small": small}


def _matrix(
    split: str, classes: list[str], counts: list[list[int]], opening: set[tuple[int, int]], pixels: bool
) -> Markup:
    last = [] if pixels else [tag("th", "found", scope="col")]
    head = [tag("td"), *(tag("th", name, scope="col") for name in classes), *last]
    rows = []
    for truth, (name, row) in enumerate(zip(classes, counts, strict=True)):
        total = sum(row)
        cells = []
        for answer, n in enumerate(row):
            inside = _cell(truth, answer, n, total, classes, (truth, answer) in opening, pixels)
            cells.append(tag("td", inside, cls=_level(truth == answer, n, total, pixels)))
        if not pixels:
            cells.append(tag("td", f"{row[truth] / total:.0%}" if total else "–", cls="share"))
        rows.append(tag("tr", tag("th", name, scope="row"), cells))
    inside = tag("thead", tag("tr", head)), tag("tbody", rows)
    drawn = tag("table", inside, cls="confusion", data_split=split, aria_label="Truth in rows, answers in columns")
    return tag("div", drawn, cls="scroll", role="region", aria_label="Confusion matrix", tabindex="0")


def _level(right: bool, n: int, total: int, pixels: bool) -> str | None:
    share = n / max(total, 1)
    if not n or (pixels and share < _LEAST):
        return None
    return f"{'hit' if right else 'miss'}{1 + (share > 0.1) + (share > 0.3) + (share > 0.6)}"


def _cell(truth: int, answer: int, n: int, total: int, classes: list[str], opens: bool, pixels: bool) -> Markup:
    share = n / max(total, 1)
    if not n or (pixels and share < _LEAST):
        return tag("span", "·", aria_label="0" if not n else "less than half a per cent")
    said = _said(classes[truth], classes[answer])
    shown = f"{100 * share:.0f}" if pixels else f"{n:,}"
    label = f"{shown} per cent of the pixels: {said}" if pixels else f"{n} pictures: {said}"
    if not opens:
        return tag("span", shown, cls="plain", title=label)
    return tag(
        "button",
        shown,
        type="button",
        data_cell=f"{truth}-{answer}",
        aria_pressed="false",
        aria_label=label,
        title=label,
    )


def _said(truth: str, answer: str) -> str:
    return f"{truth}, rightly answered" if truth == answer else f"{truth} taken for {answer}"
