"""What a network saw: the output of every layer for one picture, from one forward pass.

seen = look(network, x)                  # x float32 (1, C, H, W) in [0, 1], as the network takes it
seen["conv2"].values[7, 3, 4]            # the value in channel 7, row 3, column 4
arithmetic(network, seen, "conv2", 7, 3, 4).text()
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.explain.graph import Graph, Place, backbone_map, graph_of
from glassnet.networks.words import nearest

if TYPE_CHECKING:
    import torch

    from glassnet.networks.network import Network


@dataclass(frozen=True, eq=False)
class LayerSeen:
    """The output of one layer: `values` float32 (C, h, w), or (units,) for a row.

    `range` is the least and the greatest value, `zeros` the share of values that are exactly zero. `number` is the layer's place in the
    list as people count (`4.2` inside a residual), "" for the picture and the softmax, which stand in no list.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    range: tuple[float, float]
    zeros: float
    values: np.ndarray = field(repr=False)
    number: str = ""

    def __getitem__(self, place: Place | tuple[int]) -> float:
        return float(self.values[tuple(each for each in place if each is not None)])

    def as_dict(self, values: bool = False) -> dict[str, Any]:
        """Return plain JSON values; the numbers themselves only with `values`."""
        found = {
            "name": self.name,
            "kind": self.kind,
            "number": self.number,
            "shape": list(self.shape),
            "range": list(self.range),
            "zeros": self.zeros,
        }
        return {**found, "values": self.values.tolist()} if values else found


@dataclass(frozen=True, eq=False)
class Seen:
    """Every layer's output for one picture, in the order of the summary; `picture` is the input float32 (C, H, W) as a layer of its own.

    `temperature` divides the logits before the softmax, which is the last layer where the answer is a row of values.
    """

    layers: tuple[LayerSeen, ...]
    picture: LayerSeen
    classes: tuple[str, ...]
    temperature: float
    graph: Graph = field(repr=False)

    def __getitem__(self, name: str) -> LayerSeen:
        for layer in (*self.layers, self.picture):
            if layer.name == name:
                return layer
        known = [layer.name for layer in (*self.layers, self.picture)]
        raise RecipeError(f"The network has no layer {name!r}. {nearest(name, known)}")

    def __iter__(self) -> Iterator[LayerSeen]:
        return iter(self.layers)

    def as_dict(self, values: bool = False) -> dict[str, Any]:
        """Return plain JSON values; the numbers of every layer only with `values`."""
        return {
            "picture": self.picture.as_dict(values),
            "layers": [layer.as_dict(values) for layer in self.layers],
            "classes": list(self.classes),
            "temperature": self.temperature,
        }

    def text(self) -> str:
        """Return a table for a terminal: layer, shape, least, greatest, share of zeros."""
        rows = [("layer", "shape", "least", "greatest", "zeros")]
        for layer in (self.picture, *self.layers):
            low, high = layer.range
            rows.append((layer.name, _shape(layer.shape), f"{low:.4g}", f"{high:.4g}", f"{100 * layer.zeros:.0f} %"))
        widths = [max(len(row[at]) for row in rows) for at in range(5)]
        return "\n".join("  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows)


def look(network: "Network", x: Any, temperature: float = 1.0) -> Seen:
    """Return what `network` sees of one picture x, float32 (1, C, H, W) as the network takes it (a tensor or an array).

    The network answers (evaluation mode) whatever mode it is in, and is left in its mode. `temperature` is the one that travels with a
    classifier; it divides the logits before the softmax. Raises ValueError for another shape.
    """
    import torch

    weights = next(network.parameters(), None)
    given = torch.as_tensor(x)
    if tuple(given.shape) != (1, *network.shape) or not given.is_floating_point():
        raise ValueError(
            f"This network looks at one picture, float32 of shape {(1, *network.shape)} (N, C, H, W), and got {given.dtype} of "
            f"shape {tuple(given.shape)}."
        )
    given = given.to(weights) if weights is not None else given
    given = given.contiguous(
        memory_format=torch.channels_last
    )  # as pictures come when it answers, so that the bits are the same
    graph = graph_of(network)
    with torch.inference_mode(), answering(network), _exact(given), _maps_of_backbones(network) as maps:
        found = {**network.activations(given), **maps}
    layers = []
    for name, node in graph.nodes.items():
        if node.step is not None:
            layers.append(_layer(name, node.step.kind, found[name][0], node.step.layer.number))
    if graph.vote in graph.nodes:
        logits = found[network.plan[-1].name][0].float()
        layers.append(_layer(graph.vote, "softmax", torch.softmax(logits / temperature, 0)))
    return Seen(tuple(layers), _layer(graph.picture, "input", given[0]), network.classes, temperature, graph)


def _layer(name: str, kind: str, tensor: "torch.Tensor", number: str = "") -> LayerSeen:
    values = np.ascontiguousarray(tensor.float().cpu().numpy())
    zeros = float(np.count_nonzero(values == 0)) / values.size
    return LayerSeen(name, kind, values.shape, (float(values.min()), float(values.max())), zeros, values, number)


def _shape(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}×{shape[2]}×{shape[0]}" if len(shape) == 3 else f"{shape[0]:,}"


@contextmanager
def answering(network: "Network") -> Iterator[None]:
    """Put every module in evaluation mode, and each back into its own mode."""
    before = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training


def _exact(x: "torch.Tensor") -> Any:
    """Convolutions of full float32 precision: on NVIDIA's cards torch rounds their inputs to ten bits unless told not to."""
    import torch

    if not x.is_cuda:
        return nullcontext()
    cudnn = torch.backends.cudnn
    return cudnn.flags(cudnn.enabled, cudnn.benchmark, deterministic=cudnn.deterministic, allow_tf32=False)


@contextmanager
def _maps_of_backbones(network: "Network") -> Iterator[dict[str, "torch.Tensor"]]:
    """Catch the maps inside each backbone while the network runs; the last is the backbone's own output."""
    found: dict[str, torch.Tensor] = {}
    handles = []
    for name, module in network.steps.items():
        body: Any = getattr(module, "body", None)
        if body is not None:

            def catch(_module: Any, _given: Any, maps: Any, name: str = name) -> None:
                found.update({backbone_map(name, at): each for at, each in enumerate(maps[:-1], 1)})

            handles.append(body.register_forward_hook(catch))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
