"""A value of an enlarged map opened: the value that is repeated there, or the neighbours it lies between and their shares."""

import math
from typing import Any

import numpy as np

from glassnet.explain.graph import Place
from glassnet.explain.reading import Source, summed
from glassnet.explain.terms import ULP, Combined
from glassnet.networks import layers as L
from glassnet.networks.shapes import Step


def open_resized(module: Any, step: Step, source: Source, place: Place) -> Combined:
    """Return what is behind one value of upsample, or of a decoder's end, which brings the finest map to the wanted size."""
    layer = step.layer
    channel, y, x = place
    assert y is not None and x is not None
    _, height, width = source.values.shape
    _, rows, columns = step.after
    if (height, width) == (rows, columns):
        return summed(
            "sum", [source.term(place, 1.0)], note="The map has the wanted size already; the value is passed on."
        )
    if isinstance(layer, L.Upsample) and layer.mode == "nearest":
        repeated = (channel, nearest_place(y, height, rows), nearest_place(x, width, columns))
        return summed("sum", [source.term(repeated, 1.0)], note="The value is repeated.")
    terms = [
        source.term((channel, row, column), share * part)
        for row, share in between(y, height, rows)
        for column, part in between(x, width, columns)
    ]
    # torch works out the shares in float32 from places as large as the map.
    largest = max(abs(term.value) for term in terms)
    return summed("sum", terms, more=4 * (height + width) * ULP * largest)


def nearest_place(at: int, size: int, wanted: int) -> int:
    """Return which of `size` values is repeated at place `at` of `wanted`; in float32, as torch reckons it."""
    if size == wanted:
        return at
    return min(int(np.floor(np.float32(at) * (np.float32(size) / np.float32(wanted)))), size - 1)


def between(at: int, size: int, wanted: int) -> list[tuple[int, float]]:
    """Return the one or two of `size` values that place `at` of `wanted` lies between, centre to centre, with their shares."""
    exact = min(max((at + 0.5) * size / wanted - 0.5, 0.0), size - 1.0)
    low = math.floor(exact)
    part = exact - low
    return [(low, 1.0)] if not part else [(low, 1.0 - part), (low + 1, part)]
