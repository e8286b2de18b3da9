"""How the families of layers read the values that a layer took, and the terms that they make of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from glassnet.explain.graph import Place, unflattened
from glassnet.explain.seen import Seen
from glassnet.explain.terms import TINY, ULP, Combined, Term
from glassnet.networks.shapes import Step


@dataclass(frozen=True, eq=False)
class Source:
    """One layer whose values are read: its name and its output float32 (C, h, w) or (units,)."""

    seen: Seen
    name: str

    @cached_property
    def _origin(self) -> tuple[str, tuple[Step, ...]]:
        return self.seen.graph.seen_through(self.name)

    @property
    def values(self) -> np.ndarray:
        """The layer's output."""
        return self.seen[self.name].values

    def term(self, place: Place, weight: float, at: tuple[int, ...] = ()) -> Term:
        """Return the term of the value at `place` times `weight`."""
        value = self.seen[self.name][place]
        return self.valued(place, value, weight, at)

    def valued(self, place: Place, value: float, weight: float, at: tuple[int, ...] = ()) -> Term:
        """As `term`, for a caller that has the value at hand."""
        name, flattens = self._origin
        opened = place
        for flatten in flattens:
            opened = unflattened(flatten, opened)
        # Adding a zero makes 0 of −0, which is what people expect to read.
        return Term(self.name, *place, value, weight, value * weight + 0.0, at, False, (name, *opened))

    def beyond(self, place: Place, weight: float, at: tuple[int, ...]) -> Term:
        """Return the term of a place outside the map: padding, a zero."""
        return Term("padding", *place, 0.0, weight, 0.0, at, True, None)


def summed(how: str, terms: Sequence[Term], bias: float | None = None, more: float = 0.0, note: str = "") -> Combined:
    """Return the sum of the products and the bias. `more` is what the rounding bound needs beyond one rounding per addition.

    Summing n products in float32, in any order, is off by at most n roundings of the sum of their sizes (Higham, "Accuracy and Stability of
    Numerical Algorithms", 2002, section 4.2).
    """
    total = math.fsum(term.product for term in terms)
    sizes = math.fsum(abs(term.product) for term in terms) + abs(bias or 0.0)
    rounding = (len(terms) + 2) * (ULP * sizes + TINY) + more
    return Combined(how, tuple(terms), total, bias, total + (bias or 0.0), rounding, note)
