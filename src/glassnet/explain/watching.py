"""Many pictures through a network while some of its layers are watched: in batches, so that memory holds one, however many there are."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.explain.graph import Graph, backbone_map, graph_of
from glassnet.explain.seen import answering
from glassnet.networks import layers as L
from glassnet.networks.words import nearest

if TYPE_CHECKING:
    import torch

    from glassnet.networks.network import Network

_PIXELS_AT_ONCE = 131_072  # 128 pictures of 32×32
Keep = Callable[[str, np.ndarray, "torch.Tensor"], None]
Progress = Callable[[int, int], None]


def watch(
    network: "Network",
    pixels: np.ndarray,
    rows: Sequence[int] | np.ndarray,
    layers: Sequence[str],
    keep: Keep,
    progress: Progress | None = None,
) -> None:
    """Send the `rows` of `pixels` uint8 (n, H, W, C), such as a store's, through the network, which answers and is left in its mode.

    `keep(layer, rows, output)` gets each watched layer's output (b, …) for a batch of rows, on the network's device. The output is true
    only during the call: what follows in the network may overwrite it. `progress(done, total)` counts pictures.
    Raises RecipeError for a layer that is not there or has no output of its own.
    """
    import torch

    rows = np.asarray(rows, np.int64)
    graph = graph_of(network)
    modules = {name: _module(network, graph, name) for name in layers}
    size = max(1, min(256, _PIXELS_AT_ONCE // (pixels.shape[1] * pixels.shape[2])))
    device = next((weights.device for weights in network.parameters()), torch.device("cpu"))
    now: list[np.ndarray] = [rows[:0]]
    handles = []
    try:
        for name, (module, at) in modules.items():

            def told(_module: Any, _given: Any, found: Any, name: str = name, at: int | None = at) -> None:
                keep(name, now[0], (found if at is None else found[at]).float())

            handles.append(module.register_forward_hook(told))
        with torch.inference_mode(), answering(network), _as_written(network):
            for start in range(0, len(rows), size):
                now[0] = rows[start : start + size]
                network(_floats(pixels[now[0]]).to(device))
                if progress is not None:
                    progress(min(start + size, len(rows)), len(rows))
    finally:
        for handle in handles:
            handle.remove()


def _floats(pictures: np.ndarray) -> "torch.Tensor":
    """Return uint8 (b, H, W, C) as the network takes it: float32 (b, C, H, W) in [0, 1]."""
    import torch

    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float().mul_(1 / 255)


def _module(network: "Network", graph: Graph, name: str) -> tuple[Any, int | None]:
    """Return the module that gives a layer's output, and the place of the output among several."""
    step = graph[name].step
    if step is None:
        raise RecipeError(f"{name} is no layer with values of its own. {nearest(name, network.steps)}")
    if isinstance(
        step.layer, L.Backbone
    ):  # its body is what the network calls, and gives all maps at once, its own last
        own: Any = network.steps[step.name]
        inside = (at for at in range(len(graph.nodes)) if backbone_map(step.name, at + 1) == name)
        return own.body, next(inside, -1)
    return network.steps[name], None


@contextmanager
def _as_written(network: "Network") -> Iterator[None]:
    """Run the layers in the order of the list: where a pooling goes before a ReLU, the ReLU's own map would never be there."""
    before = network.as_written
    network.as_written = True
    try:
        yield
    finally:
        network.as_written = before
