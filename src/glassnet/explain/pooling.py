"""A value of a pooling opened: the largest value of its window, or the mean of those inside the map."""

from collections.abc import Sequence
from typing import Any

from glassnet.explain.graph import Place
from glassnet.explain.reading import Source, summed
from glassnet.explain.terms import Combined, Term
from glassnet.networks import layers as L
from glassnet.networks.fields import taps
from glassnet.networks.shapes import Step


def open_pool(module: Any, step: Step, source: Source, place: Place) -> Combined:
    """Return what is behind one value of maxpool or avgpool. Places of the window that lie beyond the map never count."""
    layer = step.layer
    assert isinstance(layer, L.MaxPool | L.AvgPool)
    channel, y, x = place
    assert y is not None and x is not None
    stride = layer.stride or layer.size
    rows, columns = (
        taps(step.before[1 + axis], layer.size[axis], stride[axis], (layer.padding[axis],) * 2, 1, ceil=layer.ceil)[at]
        for axis, at in ((0, y), (1, x))
    )
    missing = layer.size[0] * layer.size[1] - len(rows) * len(columns)
    beyond = f"{missing} of the window's places {'lies' if missing == 1 else 'lie'} beyond the map and do not count."
    places = [(channel, row, column) for row in rows for column in columns]
    return _pooled(source, places, isinstance(layer, L.MaxPool), beyond if missing else "")


def open_global_pool(module: Any, step: Step, source: Source, place: Place) -> Combined:
    """Return what is behind one value of global_pool: the mean or the largest of a whole map."""
    layer = step.layer
    assert isinstance(layer, L.GlobalPool)
    _, height, width = step.before
    places = [(place[0], row, column) for row in range(height) for column in range(width)]
    return _pooled(source, places, layer.kind == "max", "")


def _pooled(source: Source, places: Sequence[tuple[int, int, int]], largest: bool, note: str) -> Combined:
    if not largest:
        share = 1.0 / len(places)
        return summed("mean", [source.term(place, share) for place in places], note=note)
    values = [source.seen[source.name][place] for place in places]
    winner = max(range(len(values)), key=values.__getitem__)
    terms: list[Term] = [
        source.valued(place, value, float(at == winner))
        for at, (place, value) in enumerate(zip(places, values, strict=True))
    ]
    return Combined("largest", tuple(terms), values[winner], None, values[winner], 0.0, note)
