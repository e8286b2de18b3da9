"""The arithmetic behind one value, as a value itself: terms, bias, what was done to the sum, and the result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from glassnet.explain.graph import Place

ULP = 2.0**-24
"""Half the distance between 1 and the next float32: the most that one rounding can change a value, relatively."""
TINY = 1e-37
"""Below this a processor may flush float32 to zero."""


class Term(NamedTuple):
    """One product of a sum. `layer`, `channel`, `y`, `x` say where `value` was read; outside the map `padding` is true and value 0.

    `at` is the weight's place in the layer's weights for this channel, () where the layer has none of its own. `opens` is the place at
    which the value can be opened in its turn, seen through flatten and dropout; None for padding and for the byte of a pixel.
    """

    layer: str
    channel: int
    y: int | None
    x: int | None
    value: float
    weight: float
    product: float
    at: tuple[int, ...] = ()
    padding: bool = False
    opens: tuple[str, int, int | None, int | None] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        found = self._asdict()
        return {**found, "at": list(self.at), "opens": None if self.opens is None else list(self.opens)}


@dataclass(frozen=True)
class Line:
    """One operation: what it is in words, its number (None where it has none of its own), and the value afterwards."""

    what: str
    number: float | None
    after: float


@dataclass(frozen=True)
class Change:
    """What one elementwise layer did to a value: the operations in order, and the layer's own numbers by name (mean, variance, eps, …)."""

    layer: str
    kind: str
    before: float
    after: float
    lines: tuple[Line, ...]
    numbers: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "layer": self.layer,
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "numbers": dict(self.numbers),
            "lines": [{"what": line.what, "number": line.number, "after": line.after} for line in self.lines],
        }


@dataclass(frozen=True)
class Combined:
    """How a layer brings several values together. `how` is one of:

    sum (products added, then the bias), mean (a sum whose weights are one over their number), largest (weight 1 for the value taken, 0 for
    the others), share (exponentials added), pixel (a byte scaled), value (nothing is known of how it was made).
    `rounding` bounds what float32 may have added or lost.
    """

    how: str
    terms: tuple[Term, ...]
    total: float
    bias: float | None
    value: float
    rounding: float
    note: str = ""


@dataclass(frozen=True)
class Arithmetic:
    """One value of `layer`, opened. `terms` were brought together by the layer `opened` (`how`: see Combined) into `combined`, with
    `bias`; `changes` made `result` of it, step by step; `after` is what the network does next with that value at the same place.

    `own` is the network's own value, from its forward pass. `rounding` bounds by how much float32 arithmetic may differ from `result`,
    which is computed in float64 from the same inputs. `class_name` is what a value of the answer stands for, "" elsewhere.
    """

    layer: str
    kind: str
    channel: int
    y: int | None
    x: int | None
    shape: tuple[int, ...]
    opened: str
    opened_kind: str
    opened_at: Place
    how: str
    terms: tuple[Term, ...]
    total: float
    bias: float | None
    combined: float
    changes: tuple[Change, ...]
    result: float
    own: float
    rounding: float
    after: tuple[Change, ...] = ()
    note: str = ""
    class_name: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the result is the network's own value within float32 rounding."""
        return abs(self.result - self.own) <= self.rounding

    def text(self, all: bool = False, largest_first: bool = False) -> str:  # noqa: A002  the word that people try
        """Return the sum term by term. Beyond 27 terms the first nine are shown, and what the others add up to, unless `all`.

        `largest_first` puts the products of greatest size in front.
        """
        from glassnet.explain.wording import text

        return text(self, all, largest_first)

    def as_dict(self, most: int | None = None) -> dict[str, Any]:
        """Return plain JSON values; of the terms at most the first `most`, with the number and the sum of the others."""
        shown = self.terms if most is None else self.terms[:most]
        return {
            "layer": self.layer,
            "kind": self.kind,
            "channel": self.channel,
            "y": self.y,
            "x": self.x,
            "shape": list(self.shape),
            "opened": self.opened,
            "opened_kind": self.opened_kind,
            "opened_at": list(self.opened_at),
            "how": self.how,
            "terms": [term.as_dict() for term in shown],
            "others": len(self.terms) - len(shown),
            "others_together": sum(term.product for term in self.terms[len(shown) :]),
            "total": self.total,
            "bias": self.bias,
            "combined": self.combined,
            "changes": [change.as_dict() for change in self.changes],
            "result": self.result,
            "own": self.own,
            "rounding": self.rounding,
            "after": [change.as_dict() for change in self.after],
            "note": self.note,
            "class_name": self.class_name,
        }

    def __str__(self) -> str:
        return self.text()


Opens = Callable[[str, Place], tuple[str, int, int | None, int | None] | None]
"""From a layer and a place to where that value can be opened."""
