"""What is annotated: pictures with their things drawn, how many of each class there are, and how large the network sees them."""

import itertools
from typing import Any

import numpy as np

from glassnet.report.annotated import annotated, legend
from glassnet.report.markup import Markup, tag
from glassnet.report.material import Data
from glassnet.report.page import table
from glassnet.report.pictures import figure, file_name, grid

_SHOWN = 12
_BAR = 160


def drawn(data: Data) -> Markup | None:
    """Return some pictures with their annotation, every class in turn; None where annotations are no places in pictures."""
    if data.truth is None:
        return None
    figures = []
    for row in _in_turn(data):
        pixels = annotated(data, row)
        if pixels is not None:
            names = ", ".join(data.classes[i] for i in data.audit.present[row]) if data.audit.present else ""
            figures.append(figure(pixels, file_name(data.keys[row]), names or "no thing", max(pixels.shape)))
    if not figures:
        return None
    said = "Compare a few with what you see: a class number off by one, boxes in another unit or shifted masks show at once."
    return tag("div", tag("h3", "As annotated"), tag("p", said), legend(data.classes), grid(figures, wide=True))


def counted(data: Data) -> Markup | None:
    """Return things by class and by size, and pixels by class, as far as the audit counted them."""
    things, pixels = data.audit.statistics.get("things"), data.audit.statistics.get("pixels")
    if not things and not pixels:
        return None
    parts: list[Markup | None] = [tag("h3", "What is annotated")]
    if things and things["count"]:
        parts += [tag("p", _said(things)), _classes(things, pixels or {}), _sizes(things)]
    elif pixels:
        rows = [(name, *_bar(share, share, "right")) for name, share in pixels["per_class"].items()]
        parts.append(table(("class", "of all pixels", ""), rows))
    if pixels and pixels["ignored"]:
        parts.append(tag("p", f"{pixels['ignored']:.1%} of all pixels are ignored: neither learnt nor counted."))
    return tag("div", parts)


def _said(things: dict[str, Any]) -> str:
    each = things["per_picture"]
    said = f"{things['count']:,} things, "
    if each["smallest"] == each["largest"]:
        said += f"{each['median']:.0f} in every picture"
    else:
        said += f"{each['smallest']:.0f} to {each['largest']:.0f} in a picture, half of the pictures have at most {each['median']:.0f}"
    if things["without"]:
        said += f"; {things['without']:,} without any"
    if things["crowd"]:
        said += f"; {things['crowd']:,} more are marked as crowds or difficult, which are neither learnt nor counted"
    return said + "."


def _classes(things: dict[str, Any], pixels: dict[str, Any]) -> Markup:
    most = max(things["per_class"].values(), default=1) or 1
    rows = []
    for name, n in things["per_class"].items():
        share = pixels.get("per_class", {}).get(name)
        cells = (name, f"{n:,}", f"{n / things['count']:.0%}", _drawn_bar(n / most, "right"))
        rows.append((*cells, f"{share:.1%}") if pixels and share is not None else (*cells, "–") if pixels else cells)
    head = ("class", "things", "share", "", "of all pixels") if pixels else ("class", "things", "share", "")
    return table(head, rows)


def _sizes(things: dict[str, Any]) -> Markup | None:
    found = things.get("fitted_histogram")
    if not found:
        return None
    edges, counts = found["edges"], found["counts"]
    names = [
        f"below {edges[0]}",
        *(f"{a} to {b}" for a, b in itertools.pairwise(edges)),
        f"{edges[-1]} or more",
    ]
    total = sum(counts) or 1
    rows = [
        (name, f"{n:,}", f"{n / total:.0%}", _drawn_bar(n / max(counts), "wrong" if i == 0 else "right"))
        for i, (name, n) in enumerate(zip(names, counts, strict=True))
    ]
    short, fitted = things["short_side"], things["fitted_short_side"]
    said = (
        f"The shorter side of a thing is {_number(short['smallest'])} to {_number(short['largest'])} pixels in the pictures as they came, "
        f"{_number(fitted['smallest'])} to {_number(fitted['largest'])} as the network sees them "
        f"(median {_number(fitted['median'])})."
    )
    shown = table(("shorter side as the network sees it", "things", "share", ""), rows)
    return tag("div", tag("h3", "Sizes of things"), tag("p", said), shown)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def _bar(share: float, length: float, cls: str) -> tuple[str, Markup]:
    return f"{share:.1%}", _drawn_bar(length, cls)


def _drawn_bar(length: float, cls: str) -> Markup:
    wide = max(1.0, length * _BAR) if length else 0.0
    bar = tag("rect", width=f"{wide:.1f}", height=14, rx=2, cls=cls)
    return tag("svg", bar, viewBox=f"0 0 {_BAR} 14", width=_BAR, height=14, aria_hidden="true", cls="bars")


def _in_turn(data: Data) -> list[int]:
    """Return rows that are not kept out, spread evenly over the data set, those that show rare classes first."""
    usable = [row for row in range(len(data.keys)) if row not in data.audit.quarantined]
    if not data.audit.present:
        return [usable[i] for i in np.linspace(0, len(usable) - 1, min(_SHOWN, len(usable))).round().astype(int)]
    shows = data.audit.present
    queues = []
    for number in range(len(data.classes)):
        mine = [row for row in usable if number in shows[row]]
        queues.append(mine[:: max(1, len(mine) // _SHOWN)])
    queues = sorted(filter(None, queues), key=len)
    rows: list[int] = []
    while len(rows) < _SHOWN and any(queues):
        for queue in queues:
            new = next((row for row in queue if row not in rows), None)
            queue[:] = queue[queue.index(new) + 1 :] if new is not None else []
            rows += [] if new is None else [new]
    return rows[:_SHOWN]
