"""Where things lie, as far as their annotation says it without being painted: one row per thing, for sizes, strata and the audit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from glassnet.data.catalog import Catalog, MaskFile, Polygon, Rle, Shape, Source, Thing, Things
from glassnet.data.mask_files import mask_values
from glassnet.errors import DataError

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class ThingTable:
    """All things of some pictures, m rows in the order of the catalog.

    `row` int64 (m,) is the picture's place in the catalog, `place` int64 (m,) the thing's place in its picture, `label` int64 (m,) its
    class number or -1 for a class that is not in the list, `box` float64 (m, 4) x1, y1, x2, y2 in pixels of the upright picture, NaN
    where it is not known, `crowd` and `shaped` bool (m,).
    """

    row: np.ndarray
    place: np.ndarray
    label: np.ndarray
    box: np.ndarray
    crowd: np.ndarray
    shaped: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def short(self) -> np.ndarray:
        """float64 (m,): the shorter side of every box in pixels."""
        return np.minimum(self.box[:, 2] - self.box[:, 0], self.box[:, 3] - self.box[:, 1])

    def where(self, keep: np.ndarray) -> "ThingTable":
        """Return the things of a bool (m,) or of places in this table."""
        columns = (self.row, self.place, self.label, self.box, self.crowd, self.shaped)
        return ThingTable(*(column[keep] for column in columns))


def thing_table(
    catalog: Catalog, rows: Iterable[int] | None = None, of_mask: Callable[[MaskFile], Box | None] = lambda shape: None
) -> ThingTable:
    """Return the things of these catalog rows (all by default); pictures without things or with another annotation give none.

    `of_mask` answers where a mask file has its pixels, for things that only a mask places.
    """
    number = {name: i for i, name in enumerate(catalog.classes)}
    found: list[tuple[int, int, int, Box | None, bool, bool]] = []
    for row in range(len(catalog)) if rows is None else rows:
        annotation = catalog.examples[row].annotation
        if isinstance(annotation, Things):
            for place, thing in enumerate(annotation.things):
                box = box_of_thing(thing, of_mask)
                found.append((row, place, number.get(thing.label, -1), box, thing.crowd, thing.shape is not None))
    boxes = np.full((len(found), 4), np.nan)
    for i, (_, _, _, box, _, _) in enumerate(found):
        if box is not None:
            boxes[i] = box
    row, place, label, crowd, shaped = (np.array([line[i] for line in found]) for i in (0, 1, 2, 4, 5))
    return ThingTable(
        row.astype(np.int64),
        place.astype(np.int64),
        label.astype(np.int64),
        boxes,
        crowd.astype(bool),
        shaped.astype(bool),
    )


def box_of_thing(thing: Thing, of_mask: Callable[[MaskFile], Box | None] = lambda shape: None) -> Box | None:
    """Return the box of a thing: the one that is written, else the extent of its shape; None where neither is known."""
    if thing.box is not None:
        return thing.box
    return None if thing.shape is None else extent(thing.shape, of_mask)


def extent(shape: Shape, of_mask: Callable[[MaskFile], Box | None] = lambda shape: None) -> Box | None:
    """Return the edges (x1, y1, x2, y2) of a shape; None for one that covers nothing or is not known."""
    if isinstance(shape, Polygon):
        return _of_polygon(shape)
    if isinstance(shape, Rle):
        return _of_runs(shape)
    return of_mask(shape)


def _of_polygon(shape: Polygon) -> Box | None:
    xs = [value for part in shape.parts for value in part[::2]]
    ys = [value for part in shape.parts for value in part[1::2]]
    return (min(xs), min(ys), max(xs), max(ys)) if xs and ys else None


def _of_runs(shape: Rle) -> Box | None:
    """Runs go down the columns; one that crosses into the next column touches both the top and the bottom."""
    ends = np.cumsum(np.asarray(shape.counts, np.int64))
    start, stop = ends[::2], ends[1::2]
    start = start[: len(stop)]
    start, last = start[stop > start], stop[stop > start] - 1
    if not len(start) or not shape.height:
        return None
    first_column, last_column = start // shape.height, last // shape.height
    crosses = bool((first_column != last_column).any())
    top = 0 if crosses else int((start % shape.height).min())
    bottom = shape.height if crosses else int((last % shape.height).max()) + 1
    return float(first_column.min()), float(top), float(last_column.max()) + 1.0, float(bottom)


@dataclass(frozen=True, eq=False)
class Regions:
    """What a mask holds: its distinct values int64 (v,) sorted, how many pixels each has int64 (v,), and their boxes float64 (v, 4).

    A colour whose channels differ counts as 2²⁴ + its 24 bits.
    """

    values: np.ndarray
    pixels: np.ndarray
    boxes: np.ndarray

    def box(self, value: int | None) -> Box | None:
        """Return the box of one value, or of everything that is not 0; None where there is none."""
        which = self.values != 0 if value is None else self.values == value
        if not which.any():
            return None
        low, high = self.boxes[which].min(axis=0), self.boxes[which].max(axis=0)
        return float(low[0]), float(low[1]), float(high[2]), float(high[3])

    def count(self, value: int | None) -> int:
        """Return how many pixels have this value, or any but 0."""
        return int(self.pixels[self.values != 0 if value is None else self.values == value].sum())


def regions(values: np.ndarray) -> Regions:
    """Return the regions of mask values, int (H, W) or uint8 (H, W, 3).

    Pixels of one value that lie side by side in a row are one run; a mask has far fewer runs than pixels, and one stable sort of them
    brings those of a value together, its rows in order.
    """
    if values.ndim == 3:
        wide = values.astype(np.int64)
        grey = (wide[:, :, 0] == wide[:, :, 1]) & (wide[:, :, 0] == wide[:, :, 2])
        values = np.where(grey, wide[:, :, 0], 1 << 24 | wide[:, :, 0] << 16 | wide[:, :, 1] << 8 | wide[:, :, 2])
    if not values.size:
        nothing = np.zeros(0, np.int64)
        return Regions(nothing, nothing, np.zeros((0, 4)))
    width, flat = values.shape[1], values.reshape(-1)
    begins = np.ones(flat.size, bool)
    np.not_equal(flat[1:], flat[:-1], out=begins[1:])
    begins[::width] = True
    start = np.flatnonzero(begins)
    length, of_run = np.diff(start, append=flat.size), flat[start]
    if of_run.min() >= 0 and of_run.max() < 65536:
        of_run = of_run.astype(np.uint16)  # sorted by radix, ten times faster
    order = np.argsort(of_run, kind="stable")
    of_run, start, length = of_run[order], start[order], length[order]
    first = np.flatnonzero(np.r_[True, of_run[1:] != of_run[:-1]])
    last = np.r_[first[1:], len(start)] - 1
    left, row = start % width, start // width
    right = np.maximum.reduceat(left + length, first)
    boxes = np.stack([np.minimum.reduceat(left, first), row[first], right, row[last] + 1], axis=1)
    return Regions(of_run[first].astype(np.int64), np.add.reduceat(length, first), boxes.astype(np.float64))


def mask_reader(source: Source) -> Callable[[MaskFile], Box | None]:
    """Return a function that answers where a mask file has its pixels, None where it cannot be read; the last file is remembered."""
    last: dict[str, Regions | None] = {}

    def of_mask(shape: MaskFile) -> Box | None:
        if shape.key not in last:
            last.clear()
            try:
                last[shape.key] = regions(mask_values(source.read(shape.key)))
            except DataError:
                last[shape.key] = None
        found = last[shape.key]
        return None if found is None else found.box(shape.value)

    return of_mask
