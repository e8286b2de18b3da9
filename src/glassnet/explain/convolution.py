"""A value of a convolution opened: every input in the window times its weight, channel by channel, row by row; padding counts as zero."""

from typing import Any

from glassnet.explain.graph import Place
from glassnet.explain.reading import Source, summed
from glassnet.explain.terms import Combined
from glassnet.networks import layers as L
from glassnet.networks.shapes import Step


def open_convolution(module: Any, step: Step, source: Source, place: Place) -> Combined:
    """Return the sum behind one value of conv or depthwise, for any stride, padding, dilation and number of groups.

    A term's `at` is (channel within the group, row, column) of the kernel.
    """
    layer = step.layer
    assert isinstance(layer, L.Conv | L.Depthwise)
    channel, y, x = place
    assert y is not None and x is not None
    weights = module.weight[channel].detach().double().cpu().numpy()
    depth, height, width = weights.shape
    top, _, left, _ = step.padding
    first = channel // (step.after[0] // module.groups) * depth  # the first input channel of this filter's group
    rows = [y * layer.stride[0] - top + i * layer.dilation[0] for i in range(height)]
    columns = [x * layer.stride[1] - left + j * layer.dilation[1] for j in range(width)]
    values = source.values
    terms = []
    for c in range(depth):
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                weight, where = float(weights[c, i, j]), (first + c, row, column)
                if 0 <= row < values.shape[1] and 0 <= column < values.shape[2]:
                    terms.append(source.valued(where, float(values[where]), weight, (c, i, j)))
                else:
                    terms.append(source.beyond(where, weight, (c, i, j)))
    return summed("sum", terms, None if module.bias is None else module.bias[channel].item())
