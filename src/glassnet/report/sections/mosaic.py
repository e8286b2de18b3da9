"""Truth beside answer, picture by picture, the most wrong first."""

from glassnet.report.annotated import legend
from glassnet.report.beside import QUALITY, Beside, beside
from glassnet.report.markup import Markup, tag
from glassnet.report.material import Material, rows_shown
from glassnet.report.page import Section
from glassnet.report.pictures import data_uri
from glassnet.tasks.answers import PixelsAnswer

_SIDES = (360, 300, 240)  # pixels of the longer side: the largest that keeps a report small enough to be sent by mail
_LETTERS = 4_400_000
_OPEN = 6  # pictures of the main split that are shown without a click
_ORDERS = (("score", "Most wrong first"), ("name", "By name"), ("things", "Most things first"))


def section(material: Material) -> Section | None:
    """Return the mosaics of all splits that were scored, the main one first; None where answers are no places in pictures."""
    first = material.main_split
    if first is None or material.data.truth is None:
        return None
    found = {split: _read(material, split, rows) for split, rows in rows_shown(material.scores).items()}
    everything = [one for shown in found.values() for one in shown]
    if not everything:
        return None
    side = _side(everything)
    parts: list[Markup | None] = [legend(material.data.classes), _sorters()]
    for split in sorted(found, key=lambda split: split != first):
        if found[split]:
            parts.append(_mosaic(split, found[split], side, opened=split == first))
    return Section("answers", "Truth and answer", _lead(material, first, found[first]), tag("div", parts))


def _read(material: Material, split: str, rows: list[int]) -> list[Beside]:
    tables = material.scores[split].tables
    taken = {one["row"]: one for one in tables.get("worst") or ()}
    detailed = {one["row"]: one for one in tables.get("pictures") or ()}
    return [beside(material, row, {**taken[row], **detailed.get(row, {})}) for row in rows if row in material.answers]


def _lead(material: Material, split: str, shown: list[Beside]) -> str:
    third = ""
    if any(one.row in material.heats for one in shown):
        third = ", then the heat map: the lighter, the surer that something is there"
    if any(isinstance(material.answers[one.row], PixelsAnswer) for one in shown):
        third = ", then the pixels that are wrong, light on dark"
    lead = f"First the annotation, then the answer{third}. The most wrong pictures stand first; 1.00 is all right. "
    if material.scores[split].tables.get("pictures"):
        lead += "Dashed are things that were missed and answers that are wrong. "
    total = len(material.scores[split].tables["worst"])
    if len(shown) < total:
        lead += (
            f"Shown are {len(shown)} of {total:,} {split} pictures: the worst, and some spread evenly over the rest."
        )
    return lead


def _sorters() -> Markup:
    """Return the buttons that put the pictures in another order; the script shows them, since without it they would do nothing."""
    buttons = [
        tag("button", text, type="button", data_sort=order, aria_pressed="true" if order == "score" else "false")
        for order, text in _ORDERS
    ]
    return tag("div", buttons, cls="sorters", role="group", aria_label="Order of the pictures", hidden=True)


def _mosaic(split: str, shown: list[Beside], side: int, opened: bool) -> Markup:
    """Return the pictures of a split; `opened` shows the first of them at once, the others after a click."""
    figures = [one.figure(side) for one in shown]
    first = figures[:_OPEN] if opened else []
    rest = figures[len(first) :]
    summary = f"{len(rest)} more" if opened else f"On {split}: {len(rest)} pictures"
    parts = [tag("div", first, cls="row")] if first else []
    if rest:
        parts.append(tag("details", tag("summary", summary), tag("div", rest, cls="row")))
    return tag("div", parts, cls="mosaic")


def _side(shown: list[Beside]) -> int:
    """Return the size at which all pictures together stay small enough, judged by a few of them spread over the list."""
    tried = shown[:: max(1, len(shown) // 4)]
    for side in _SIDES[:-1]:
        letters = sum(len(data_uri(pixels, side, QUALITY)) for one in tried for _, pixels in one.drawn(side))
        if letters * len(shown) / len(tried) <= _LETTERS:
            return side
    return _SIDES[-1]
