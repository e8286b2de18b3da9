"""The training pictures nearest to a picture in the network's last features: what the network holds to be alike.

    nearest(network, x, store.pixels, lock.train)      # [Near(row, similarity), …], most alike first

The last features are what the vote is taken of: the values that the last layer with weights reads. A network that answers with a map is
compared in its deepest map, averaged over all places.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from glassnet.explain.graph import Graph, graph_of
from glassnet.explain.seen import look
from glassnet.explain.watching import Progress, watch
from glassnet.networks import layers as L

if TYPE_CHECKING:
    import torch

    from glassnet.networks.network import Network


class Near(NamedTuple):
    """A picture by its row, and the cosine of the angle between its features and those asked about, in [−1, 1]."""

    row: int
    similarity: float


def nearest(
    network: "Network",
    x: Any,
    pixels: np.ndarray,
    rows: Sequence[int] | np.ndarray,
    top: int = 9,
    progress: Progress | None = None,
) -> list[Near]:
    """Return the `top` pictures among `rows` of `pixels` uint8 (n, H, W, C) nearest to x, float32 (1, C, H, W), most alike first.

    Of equals the earlier row comes first; features that are all zero are like nothing (0).
    """
    layer = last_features(network)
    values = look(network, x)[layer].values
    wanted = _unit(values.reshape(1, len(values), -1).mean(2))[0]
    alike: list[np.ndarray] = []
    seen: list[np.ndarray] = []

    def keep(_name: str, rows: np.ndarray, found: "torch.Tensor") -> None:
        features = found.flatten(2).mean(2) if found.ndim == 4 else found
        alike.append(_unit(features.cpu().numpy()) @ wanted)
        seen.append(rows)

    watch(network, pixels, rows, [layer], keep, progress)
    if not seen:
        return []
    every, places = np.concatenate(alike), np.concatenate(seen)
    order = np.argsort(-every, kind="stable")[:top]
    return [Near(int(places[at]), float(np.clip(every[at], -1.0, 1.0))) for at in order]


def last_features(network: "Network") -> str:
    """Return the layer whose values are the last features: before the vote, or the deepest map where the answer is a map."""
    graph = graph_of(network)
    last = network.plan[-1].name
    if len(network.plan[-1].after) == 3:
        decoder = next((step for step in network.plan if isinstance(step.layer, L.Decoder)), None)
        return network.stages[-1].name if decoder is not None else _below(graph, last)
    return _below(graph, last)


def _below(graph: Graph, name: str) -> str:
    """Return what the last layer with weights reads, from `name` down; `name` itself where no layer below it has any."""
    node = graph[name]
    while node.step is not None and node.sources:
        source = node.sources[0]
        if source == graph.picture:
            return name
        if isinstance(node.step.layer, L.Conv | L.Depthwise | L.Dense | L.Residual):
            return source
        node = graph[source]
    return name


def _unit(features: np.ndarray) -> np.ndarray:
    """Return features (n, d) at length one, float64; zeros stay zeros."""
    features = np.asarray(features, np.float64)
    length = np.sqrt((features**2).sum(1, keepdims=True))
    return features / np.where(length > 0, length, 1.0)
