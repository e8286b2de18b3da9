"""The size at which the network sees the pictures, how they are brought to it, and whether in colour, chosen from a sample.

Classification looks at headers alone. The other questions also look at the things: what is a few pixels wide afterwards is not found.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.choice import Choice
from glassnet.data.catalog import Catalog
from glassnet.data.dense_sizing import dense_size
from glassnet.data.pixels import BadImage, PixelSettings, decode, header
from glassnet.data.sources import read_each
from glassnet.errors import DataError
from glassnet.recipe import DataRecipe

SAMPLE = 500
_COLOUR_SAMPLE = 100
_SMALL = 64
_GREY_MODES = {"L", "1", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"}
_GREY_WITHIN = 12


@dataclass(frozen=True)
class _Seen:
    """Sizes int64 (m, 2) as displayed of the catalog's `rows`, whether every mode is grey, and some files to look for colour in."""

    sizes: np.ndarray
    grey_modes: bool
    some: tuple[bytes, ...]
    rows: np.ndarray


def choose_size(catalog: Catalog, recipe: DataRecipe) -> tuple[PixelSettings, list[Choice]]:
    """Return the pixel settings for a catalog and what was chosen with its reason; what the recipe sets is left alone.

    Looks at the headers of at most 500 pictures, evenly spaced. Raises DataError when none of them can be read.
    """
    choices: list[Choice] = []
    size: Any = recipe.size
    color: Any = recipe.color
    fit: Any = recipe.fit
    dense = catalog.task != "classify"
    if size is None or color is None:
        seen = _look(catalog, recipe)
        if size is None:
            chosen = dense_size(catalog, seen.rows, seen.sizes) if dense else default_size(seen.sizes, len(catalog))
            choices.append(chosen)
            size = chosen.value
        if color is None:
            chosen = _color(seen)
            choices.append(chosen)
            color = chosen.value
    if fit is None:
        fit = "pad" if dense else "crop"
        if dense:
            choices.append(Choice("data.fit", fit, "nothing is cut away, so no thing is lost"))
    height, width = (size, size) if isinstance(size, int) else tuple(size)
    return PixelSettings(int(height), int(width), fit, color, recipe.max_pixels), choices


def default_size(sizes: np.ndarray, n: int) -> Choice:
    """Return the Choice of `data.size` for int64 (m, 2) sampled (height, width) out of n pictures: a side, or (height, width).

    Small pictures of one size are used as they are. Otherwise the fewer pictures there are, the more pixels each may have within the
    same minutes on four cores; nothing is enlarged beyond the median short side.
    """
    height, width = (int(side) for side in sizes[0])
    if (sizes == sizes[0]).all() and max(height, width) <= _SMALL:
        size = height if height == width else (height, width)
        return Choice("data.size", size, f"all pictures are {width}×{height}, small enough to be used as they are")
    wanted = 128 if n <= 2_000 else 96 if n <= 5_000 else 64
    median = int(np.median(sizes.min(axis=1)))
    if median < wanted:
        side = max(8, median // 8 * 8)
        return Choice(
            "data.size",
            side,
            f"half of the pictures have a short side below {median + 1} pixels; none are enlarged to more",
        )
    reason = f"fine enough for {n:,} pictures to train within minutes; their median short side is {median}"
    return Choice("data.size", wanted, reason)


def _look(catalog: Catalog, recipe: DataRecipe) -> _Seen:
    n = len(catalog)
    rows = np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(int)) if n else []
    sizes, modes, some, faults = [], set(), [], []
    place = {catalog.examples[row].key: row for row in rows}
    good: list[int] = []
    step = max(1, math.ceil(len(rows) / _COLOUR_SAMPLE))
    for i, (key, data) in enumerate(read_each(catalog.source, [catalog.examples[row].key for row in rows])):
        if isinstance(data, DataError):
            faults.append(f"{key}: {data}")
            continue
        try:
            found = header(data)
        except BadImage as error:
            faults.append(f"{key}: {error}")
            continue
        if found.height * found.width <= recipe.max_pixels:
            sizes.append((found.height, found.width))
            good.append(place[key])
            modes.add(found.mode)
            if i % step == 0:
                some.append(data)
    if not sizes:
        first = f" The first: {faults[0]}" if faults else ""
        raise DataError(
            f"None of {len(rows):,} pictures looked at in {catalog.root} can be read, so there is nothing to train on.{first}"
        )
    return _Seen(np.array(sizes, np.int64), modes <= _GREY_MODES, tuple(some), np.array(good, np.int64))


def _color(seen: _Seen) -> Choice:
    if seen.grey_modes:
        return Choice("data.color", "grey", f"all {len(seen.sizes):,} pictures looked at are grey")
    grey = 0
    for data in seen.some:
        try:
            pixels = decode(data)
        except DataError:
            continue
        if pixels.shape[2] == 3 and np.ptp(pixels[::2, ::2], axis=2).max() > _GREY_WITHIN:
            return Choice("data.color", "rgb", "there are coloured pictures")
        grey += 1
    if not grey:
        return Choice("data.color", "rgb", "no picture could be decoded to look for colour")
    return Choice(
        "data.color", "grey", f"all {grey:,} pictures looked at have no colour, although their files could hold it"
    )
