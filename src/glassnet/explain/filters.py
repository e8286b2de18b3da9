"""The filters of a layer: what they are in numbers, and as a picture in which blue is negative and orange positive."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.explain.colours import signed_colours
from glassnet.explain.graph import graph_of
from glassnet.networks import layers as L

if TYPE_CHECKING:
    from glassnet.networks.network import Network

_GAP = (255, 255, 255)
MOST_PIXELS = 16_000_000


@dataclass(frozen=True, eq=False)
class Filters:
    """The weights of a layer, float32 (filters, depth, kernel height, kernel width), and its biases (filters,), None without.

    `reads` names the layer whose channels they are laid over; filter f reads the channels from `first(f)` on, `depth` of them. A dense
    layer after a flatten has one filter per output, as large as the map; other dense layers have windows of one value. `coloured` says that
    the channels are the red, green and blue of the picture.
    """

    layer: str
    kind: str
    reads: str
    weights: np.ndarray = field(repr=False)
    biases: np.ndarray | None = field(repr=False)
    groups: int = 1
    coloured: bool = False

    @property
    def largest(self) -> float:
        """The greatest size among the weights: the full colour."""
        return float(np.abs(self.weights).max())

    def first(self, number: int) -> int:
        """The first channel that filter `number` reads."""
        return number // (len(self.weights) // self.groups) * self.weights.shape[1]

    def picture(
        self, scale: int = 8, filters: Sequence[int] | None = None, channels: Sequence[int] | None = None, gap: int = 2
    ) -> np.ndarray:
        """Return uint8 (H, W, 3): one row per filter, one column per channel of it, each weight a square of `scale` pixels.

        All share one colour scale, up to the layer's largest weight. Raises RecipeError where the picture would pass 16 million pixels.
        """
        rows = list(range(len(self.weights))) if filters is None else list(filters)
        columns = list(range(self.weights.shape[1])) if channels is None else list(channels)
        _, _, height, width = self.weights.shape
        high, wide = len(rows) * (height * scale + gap) + gap, len(columns) * (width * scale + gap) + gap
        if high * wide > MOST_PIXELS:
            raise RecipeError(
                f"A picture of all filters of {self.layer} would have {high:,} × {wide:,} pixels. Ask for some filters or channels, "
                "or a smaller scale."
            )
        colours = signed_colours(self.weights[rows][:, columns], self.largest)
        tiles = colours.repeat(scale, axis=2).repeat(scale, axis=3)
        canvas = np.empty((high, wide, 3), np.uint8)
        canvas[:] = _GAP
        for i in range(len(rows)):
            for j in range(len(columns)):
                top, left = gap + i * (height * scale + gap), gap + j * (width * scale + gap)
                canvas[top : top + height * scale, left : left + width * scale] = tiles[i, j]
        return canvas

    def coloured_pictures(self) -> np.ndarray | None:
        """Return uint8 (filters, kernel height, kernel width, 3): each filter in the colours it looks for, grey being zero; None where it
        does not read a colour picture. Each is scaled by its own largest weight.
        """
        if not self.coloured:
            return None
        largest = np.abs(self.weights).max(axis=(1, 2, 3), keepdims=True)
        part = self.weights / np.where(largest > 0, largest, 1.0)
        return np.round(127.5 + 127.5 * part).astype(np.uint8).transpose(0, 2, 3, 1)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "layer": self.layer,
            "kind": self.kind,
            "reads": self.reads,
            "shape": list(self.weights.shape),
            "groups": self.groups,
            "coloured": self.coloured,
            "weights": self.weights.tolist(),
            "biases": None if self.biases is None else self.biases.tolist(),
        }


def filters(network: "Network", layer: str) -> Filters:
    """Return the filters of a conv, depthwise or dense layer. Raises RecipeError for another layer."""
    graph = graph_of(network)
    node = graph[layer]
    step = node.step
    if step is None or not isinstance(step.layer, L.Conv | L.Depthwise | L.Dense):
        known = [
            each.name
            for each in graph.nodes.values()
            if each.step and isinstance(each.step.layer, L.Conv | L.Depthwise | L.Dense)
        ]
        raise RecipeError(f"{layer} has no filters. Layers with filters: {', '.join(known)}.")
    module: Any = network.steps[layer]
    weights = module.weight.detach().float().cpu().numpy()
    biases = None if module.bias is None else module.bias.detach().float().cpu().numpy()
    reads = node.sources[0]
    if isinstance(step.layer, L.Dense):
        reads, shape = _spread_out(network, reads, step.before)
        weights = weights.reshape(len(weights), *shape)
    groups = getattr(module, "groups", 1)
    weights = np.ascontiguousarray(weights)
    return Filters(layer, step.kind, reads, weights, biases, groups, _is_coloured(network, reads))


def _spread_out(network: "Network", reads: str, before: tuple[int, ...]) -> tuple[str, tuple[int, int, int]]:
    """Return the layer whose values a dense layer reads, and their shape (C, H, W), seen through a flatten and what keeps places."""
    graph = graph_of(network)
    below = graph[reads]
    while below.step is not None and isinstance(below.step.layer, L.Dropout):
        below = graph[below.sources[0]]
    if below.step is None or not isinstance(below.step.layer, L.Flatten) or len(below.step.before) != 3:
        return reads, (before[0], 1, 1)
    channels, height, width = below.step.before
    return below.sources[0], (channels, height, width)


def _is_coloured(network: "Network", reads: str) -> bool:
    graph = graph_of(network)
    node = graph[reads]
    while node.step is not None and isinstance(node.step.layer, L.Standardize | L.Scale | L.Dropout):
        node = graph[node.sources[0]]
    return node.name == graph.picture and network.shape[0] == 3
