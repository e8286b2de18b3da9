"""A value of a fully connected layer opened: every value of the row times its weight."""

from typing import Any

from glassnet.explain.graph import Place
from glassnet.explain.reading import Source, summed
from glassnet.explain.terms import Combined
from glassnet.networks.shapes import Step


def open_dense(module: Any, step: Step, source: Source, place: Place) -> Combined:
    """Return the sum behind one value of dense. A term's `at` is (place in the row,); after a flatten it opens at the place in the map."""
    weights = module.weight[place[0]].detach().double().cpu().tolist()
    values = source.values.tolist()
    terms = [
        source.valued((i, None, None), value, weight, (i,))
        for i, (value, weight) in enumerate(zip(values, weights, strict=True))
    ]
    return summed("sum", terms, None if module.bias is None else module.bias[place[0]].item())
