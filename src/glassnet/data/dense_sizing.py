"""The size at which the network sees pictures whose things or pixels are asked for: as small as the things allow, never enlarged.

Time grows with the number of pixels, and what keeps only a few pixels is not found; so the long side is the smallest that leaves the
smallest tenth of the things enough of them. Both sides are multiples of 16, so that a network can halve them four times.
"""

import math
from dataclasses import dataclass

import numpy as np

from glassnet.choice import Choice
from glassnet.data.catalog import Catalog, MaskFile, Things
from glassnet.data.extents import mask_reader, thing_table

ENOUGH = 10.0
"""Pixels that the short side of the smallest tenth of the things should keep."""
TENTH = 10.0
_STEP, _MULTIPLE, _TINY = 32, 16, 64
_FEW = 300
"""Up to so many pictures may have more pixels within the same minutes."""
_SAME_WAY = 0.9
_MASK_FILES = 600


@dataclass(frozen=True)
class _Limits:
    """The long side at least, at least where there are few pictures, and at most."""

    least: int
    of_few: int
    most: int


_USUAL = _Limits(256, 320, 512)
_LIMITS = {
    "localize": _Limits(128, 192, 320),  # one thing, which mostly fills the picture
    "segment": _Limits(256, 384, 512),  # borders are what is asked for
}


def dense_size(catalog: Catalog, rows: np.ndarray, sizes: np.ndarray) -> Choice:
    """Return the Choice of `data.size`, (height, width), from int64 (m, 2) sampled (height, width) of the pictures in `rows`.

    Whole pixels of a few hundred things are looked at where only masks say how large they are.
    """
    things = _measure(catalog, rows, sizes)
    limits = _LIMITS.get(catalog.task, _USUAL)
    least = limits.of_few if len(catalog) <= _FEW else limits.least
    original = int(np.median(sizes.max(axis=1)))
    sides = [side for side in range(least, limits.most + 1, _STEP) if side <= original] or [_own(original)]
    side = sides[0]
    if len(things.shorts):
        side = next((side for side in sides if things.tenth(_shape(sizes, side)) >= ENOUGH), sides[-1])
    shape = _shape(sizes, side)
    return Choice("data.size", shape, _reason(sizes, shape, things, original, least))


def shortest_tenth(fitted: np.ndarray) -> float:
    """Return the short side below which a tenth of the things lie."""
    return float(np.percentile(fitted, TENTH, method="lower"))


@dataclass(frozen=True, eq=False)
class _Measured:
    """Short sides float64 (t,) of things in pixels of their pictures, whose sizes are int64 (t, 2); `some` where not all were looked at."""

    shorts: np.ndarray
    sizes: np.ndarray
    some: bool

    def tenth(self, shape: tuple[int, int]) -> float:
        """The short side below which a tenth of them lie in a padded frame of this (height, width)."""
        scale = np.minimum(shape[0] / self.sizes[:, 0], shape[1] / self.sizes[:, 1])
        return shortest_tenth(self.shorts * scale)


def _measure(catalog: Catalog, rows: np.ndarray, sizes: np.ndarray) -> _Measured:
    chosen = _affordable(catalog, rows)
    table = thing_table(catalog, rows[chosen].tolist(), mask_reader(catalog.source))
    of_row = np.zeros(len(catalog), np.int64)
    of_row[rows] = np.arange(len(rows))
    place = of_row[table.row]
    height, width = sizes[place, 0], sizes[place, 1]
    box = np.nan_to_num(table.box, nan=0.0, posinf=0.0, neginf=0.0)
    across = np.clip(box[:, 2], 0, width) - np.clip(box[:, 0], 0, width)
    down = np.clip(box[:, 3], 0, height) - np.clip(box[:, 1], 0, height)
    short = np.minimum(across, down)
    keep = (short >= 1) & ~table.crowd  # smaller ones are mistakes, which the audit names
    return _Measured(short[keep], sizes[place[keep]], len(chosen) < len(catalog))


def _affordable(catalog: Catalog, rows: np.ndarray) -> np.ndarray:
    """Return places in `rows`, evenly spaced, whose things need at most some hundred mask files to be read."""
    files = np.array([_mask_files(catalog.examples[row].annotation) for row in rows.tolist()])
    step = max(1, math.ceil(files.sum() / _MASK_FILES))
    return np.arange(0, len(rows), step)


def _mask_files(annotation: object) -> int:
    if not isinstance(annotation, Things):
        return 0
    return len({t.shape.key for t in annotation.things if t.box is None and isinstance(t.shape, MaskFile)})


def _shape(sizes: np.ndarray, side: int) -> tuple[int, int]:
    """Return (height, width) with this long side: the pictures' own shape where nearly all lie the same way, else a square."""
    height, width = sizes[:, 0], sizes[:, 1]
    short = _whole(side * float(np.median(sizes.min(axis=1) / sizes.max(axis=1))))
    if (width > height).mean() >= _SAME_WAY:
        return short, side
    return (side, short) if (height > width).mean() >= _SAME_WAY else (side, side)


def _whole(side: float) -> int:
    return max(_MULTIPLE, int(side / _MULTIPLE + 0.5) * _MULTIPLE)


def _own(original: int) -> int:
    """The side of pictures that are smaller than the least: their own, in multiples of 16; tiny ones are rounded up."""
    return original // _MULTIPLE * _MULTIPLE if original >= _TINY else -(-original // _MULTIPLE) * _MULTIPLE


def _reason(sizes: np.ndarray, shape: tuple[int, int], things: _Measured, original: int, least: int) -> str:
    height, width = shape
    parts = []
    if len(things.shorts):
        kept = things.tenth(shape)
        only = "only " if kept < ENOUGH - 0.5 else ""
        looked = f"{len(things.shorts):,} things looked at" if things.some else "things"
        own = shortest_tenth(things.shorts)
        parts.append(
            f"the smallest tenth of the {looked} are {own:.0f} px wide; at {max(shape)} they keep {only}{kept:.0f}"
        )
    else:
        parts.append("fine enough for pixels of a class, and trains within minutes")
    if original < least:
        parts.append(f"half of the pictures are at most {original} px long, and they are not enlarged")
    if (sizes == sizes[0]).all():
        parts[1:] = ["none is enlarged"] if original < least else []
        parts.append(f"all pictures are {sizes[0, 1]}×{sizes[0, 0]}")
    elif height == width:
        parts.append("they lie both ways or are square, so the frame is a square")
    return "; ".join(parts)
