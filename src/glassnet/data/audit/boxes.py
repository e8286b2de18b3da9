"""Boxes and classes of things: reversed, of no size, outside, in the wrong unit, of an unknown class, there twice."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from glassnet.data.catalog import Catalog, Thing, Things
from glassnet.data.extents import ThingTable
from glassnet.data.overlap import iou

DOUBLE = 0.95
"""Overlap (intersection over union) from which two boxes of one class are the same thing."""
_SLACK, _SLACK_SHARE = 2.0, 0.01
_ROUNDING = 0.05
_SHARES = 1.5
_MANY = 1500


@dataclass(frozen=True, eq=False)
class BoxCheck:
    """What is wrong with boxes: `faults` are (code, row, reason), the others (row, which thing).

    `clipped` reach over the edge of the picture by a hair; `outlines` are shapes that reach further and are cut there.
    """

    faults: list[tuple[str, int, str]]
    clipped: list[tuple[int, str]]
    outlines: list[tuple[int, str]]


def check_boxes(catalog: Catalog, table: ThingTable, sizes: np.ndarray) -> BoxCheck:
    """Check all boxes at once. `sizes` float64 (n, 2) are (height, width) of every picture of the catalog, NaN where it is not known."""
    found = BoxCheck([], [], [])
    height, width = sizes[table.row].T
    x1, y1, x2, y2 = table.box.T
    given = _given(catalog, table)
    finite = np.isfinite(table.box).all(axis=1)
    shares = _in_shares(table, finite & given, height, width)
    with np.errstate(invalid="ignore"):
        flipped = finite & ((x2 < x1) | (y2 < y1))
        empty = given & finite & ~flipped & (table.short <= np.where(table.shaped, 0.0, 1.0))
        across = np.maximum(np.maximum(-x1, x2 - width), 0)
        down = np.maximum(np.maximum(-y1, y2 - height), 0)
        far = (across > np.maximum(_SLACK, _SLACK_SHARE * width)) | (down > np.maximum(_SLACK, _SLACK_SHARE * height))
        near = ~far & (np.maximum(across, down) > _ROUNDING)
        gone = (x1 >= width) | (y1 >= height) | (x2 <= 0) | (y2 <= 0)
    usable = finite & ~shares & ~flipped & ~empty
    ills = (
        ("unknown_class", table.label < 0, "is of a class that the class list does not have"),
        ("bad_number", given & ~finite, "has coordinates that are no numbers"),
        ("unit", shares & ~flipped, "has coordinates between 0 and 1, as shares of a picture; pixels are expected"),
        ("box_reversed", flipped, "is reversed: its first corner lies right of or below the second"),
        ("box_empty", empty & ~shares, "has no size: at most one pixel from edge to edge"),
        ("box_outside", usable & (gone | (far & given)), "lies outside"),
    )
    for code, which, what in ills:
        for i in np.flatnonzero(which).tolist():
            found.faults.append((code, int(table.row[i]), _sentence(catalog, table, i, what, sizes)))
    for listed, which in ((found.clipped, usable & near), (found.outlines, usable & far & ~given & ~gone)):
        listed.extend(
            (int(table.row[i]), _sentence(catalog, table, i, "", sizes)) for i in np.flatnonzero(which).tolist()
        )
    return found


def doubles(catalog: Catalog, table: ThingTable) -> list[tuple[int, str, bool]]:
    """Return (row, description, exactly) of things that are there twice: one class, and boxes that overlap by more than 0.95."""
    found = []
    keep = np.isfinite(table.box).all(axis=1) & ~table.crowd & (table.short > 0)
    for part in by_row(table.where(keep)):
        for _, j, exact in _pairs(part):
            name = _name(catalog, part, j)
            found.append((int(part.row[j]), f"{name} twice at {_numbers(part.box[j])}", exact))
    return found


def by_row(table: ThingTable) -> Iterator[ThingTable]:
    """Yield the things of one picture after the other."""
    if len(table):
        cuts = np.flatnonzero(np.diff(table.row)) + 1
        for part in np.split(np.arange(len(table)), cuts):
            yield table.where(part)


def thing_at(catalog: Catalog, table: ThingTable, i: int) -> Thing:
    """Return the thing of row i of the table."""
    annotation = catalog.examples[int(table.row[i])].annotation
    assert isinstance(annotation, Things), "the table is made of things"
    return annotation.things[int(table.place[i])]


def _given(catalog: Catalog, table: ThingTable) -> np.ndarray:
    """bool (m,): the box is written in the annotation, and not taken from a shape."""
    return np.array([thing_at(catalog, table, i).box is not None for i in range(len(table))], bool)


def _in_shares(table: ThingTable, which: np.ndarray, height: np.ndarray, width: np.ndarray) -> np.ndarray:
    """bool (m,): all boxes of the picture lie within a pixel or so of its corner, as shares of the sides would."""
    largest = np.zeros(int(table.row.max(initial=-1)) + 1)
    np.maximum.at(largest, table.row[which], np.abs(table.box[which]).max(axis=1, initial=0))
    with np.errstate(invalid="ignore"):
        return which & (largest[table.row] <= _SHARES) & (np.minimum(height, width) >= 8) & (table.short < 1)


def _pairs(part: ThingTable) -> Iterator[tuple[int, int, bool]]:
    if len(part) > _MANY:  # a table of all pairs would take too much memory: only exact ones
        first: dict[tuple, int] = {}
        for j in range(len(part)):
            i = first.setdefault((int(part.label[j]), *part.box[j].tolist()), j)
            if i != j:
                yield i, j, True
        return
    same = (iou(part.box, part.box) > DOUBLE) & (part.label[:, None] == part.label[None])
    for i, j in np.argwhere(np.triu(same, 1)).tolist():
        yield i, j, bool((part.box[i] == part.box[j]).all())


def _sentence(catalog: Catalog, table: ThingTable, i: int, what: str, sizes: np.ndarray) -> str:
    height, width = sizes[table.row[i]]
    size = f" (the picture is {width:.0f}×{height:.0f})" if "outside" in what and np.isfinite(height) else ""
    return f"{_name(catalog, table, i)} at {_numbers(table.box[i])} {what}{size}".rstrip()


def _name(catalog: Catalog, table: ThingTable, i: int) -> str:
    return thing_at(catalog, table, i).label


def _numbers(box: np.ndarray) -> str:
    return ", ".join(f"{value:.4g}" if abs(value) < 10 else f"{value:.0f}" for value in box.tolist())
