"""Where two ways meet, opened: the sum at the end of a residual, and inside a decoder the finer map plus the coarser one."""

from collections.abc import Sequence
from typing import Any

from glassnet.explain.graph import Place
from glassnet.explain.reading import Source, summed
from glassnet.explain.resizing import nearest_place
from glassnet.explain.terms import Combined
from glassnet.networks.shapes import Step


def open_residual(module: Any, step: Step, sources: Sequence[Source], place: Place) -> Combined:
    """Return inner value plus shortcut value."""
    inner, shortcut = sources
    return summed("sum", [inner.term(place, 1.0), shortcut.term(place, 1.0)])


def open_sum(module: Any, step: Step, sources: Sequence[Source], place: Place) -> Combined:
    """Return the finer map's value plus the value of the coarser map that is repeated there."""
    finer, coarser = sources
    channel, y, x = place
    assert y is not None and x is not None
    _, height, width = coarser.values.shape
    repeated = (channel, nearest_place(y, height, step.after[1]), nearest_place(x, width, step.after[2]))
    return summed("sum", [finer.term(place, 1.0), coarser.term(repeated, 1.0)])
