"""Grad-CAM: which places of a layer's maps speak for a target (Selvaraju et al., arXiv:1610.02391).

Every channel is weighted by the mean of the target's derivative over its map, and the weighted maps are summed. The paper then drops what
is below zero; here the sign stays. The coarse map is laid over the picture where its values look, not stretched to the picture's sides:
the middle of a value's receptive field is known exactly, and after convolutions without padding it lies far from where stretching puts it.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import RecipeError
from glassnet.explain.attribution import Attribution, given, undisturbed, written
from glassnet.explain.graph import Graph, graph_of
from glassnet.networks import layers as L
from glassnet.networks.shapes import Shape, Step
from glassnet.networks.words import nearest

if TYPE_CHECKING:
    from glassnet.explain.target import Target
    from glassnet.networks.network import Network

Size = tuple[int, int]
Line = tuple[float, float]
"""Along one side: where in the picture the middle of the first value's field lies, and how far apart the middles are, in pixels."""


def gradcam(network: "Network", x: Any, target: "Target", layer: str | None = None) -> Attribution:
    """Return the Grad-CAM of `target` for a picture x, float32 (1, C, H, W) as the network takes it.

    `layer` is any layer with a map, by its name in the summary; None takes `last_map`. Where the answer is averaged over mirror images, the
    values of both views are added. Raises RecipeError for a layer that is not there or has no map.
    """
    import torch

    layer = last_map(network) if layer is None else layer
    _check(network, layer)
    with undisturbed(network):
        picture = given(network, x)
        views = [picture, picture.flip(3)] if target.views == "mirror" else [picture]
        found = network.activations(torch.cat(views).requires_grad_(True))
        outputs = found[network.plan[-1].name].float()
        if len(views) == 2:
            outputs = (outputs[:1] + target.task.unmirrored(outputs[1:])) / 2
        score = target(outputs)
        maps = found[layer]
        (slopes,) = torch.autograd.grad(score.sum(), maps, allow_unused=True)
        slopes = torch.zeros_like(maps) if slopes is None else slopes
        weighted = (slopes.mean((2, 3), keepdim=True) * maps).sum(1)
    coarse = weighted.detach().float().cpu().numpy()
    values = laid_over(network, layer, coarse[0])
    if len(views) == 2:
        values = values + laid_over(network, layer, coarse[1])[:, ::-1]
    total = float(score.detach())
    return Attribution(
        "Grad-CAM",
        target.name,
        np.ascontiguousarray(values, np.float32),
        total,
        _sentence(target, layer, total),
        layer=layer,
        map=coarse[0],
    )


def last_map(network: "Network") -> str:
    """Return the layer that Grad-CAM looks at: the last with a map of more than one value; before a decoder, the last of the coarsest."""
    steps = list(network.plan)
    decoder = next((at for at, step in enumerate(steps) if isinstance(step.layer, L.Decoder)), None)
    maps = [step for step in steps[:decoder] if len(step.after) == 3 and not isinstance(step.layer, L.Dropout)]
    wide = [step for step in maps if step.after[1] * step.after[2] > 1] or maps
    if not wide:
        raise RecipeError("No layer of this network has a map, so Grad-CAM has nothing to look at.")
    if decoder is None:
        return wide[-1].name
    coarsest = min(step.after[1] * step.after[2] for step in wide)
    return [step for step in wide if step.after[1] * step.after[2] == coarsest][-1].name


def laid_over(network: "Network", layer: str, values: np.ndarray) -> np.ndarray:
    """Return values (h, w) of a layer's map as float32 (H, W): each at the middle of its field, interpolated between, constant beyond."""
    _, height, width = network.shape
    (top, down), (left, across) = middles(network, layer)
    rows = top + down * np.arange(values.shape[0])
    columns = left + across * np.arange(values.shape[1])
    wide = np.stack([np.interp(np.arange(width) + 0.5, columns, row) for row in values.astype(np.float64)])
    return np.stack([np.interp(np.arange(height) + 0.5, rows, column) for column in wide.T], 1).astype(np.float32)


def middles(network: "Network", layer: str) -> tuple[Line, Line]:
    """Return for rows and columns where the fields of a layer's values lie in the picture, borders not counted.

    Inside a backbone nothing is known; its map is stretched over the picture.
    """
    return _middles(graph_of(network), layer, (network.shape[1], network.shape[2]))


def _middles(graph: Graph, name: str, size: Size, shape: Shape | None = None) -> tuple[Line, Line]:
    """As `middles` for pictures of `size` (H, W); `shape` is what the reader of `name` takes, where its step does not say it."""
    node = graph[name]
    step = node.step
    if step is None:
        return (0.5, 1.0), (0.5, 1.0)
    if isinstance(step.layer, L.Backbone):
        _, rows, columns = shape or step.after
        return (size[0] / rows / 2, size[0] / rows), (size[1] / columns / 2, size[1] / columns)
    source = node.sources[0]
    below = graph[source].step
    # A decoder resizes the last of the maps inside it; all others take what their step says.
    before = below.after if below is not None and isinstance(step.layer, L.Decoder) else step.before
    down, across = _middles(graph, source, size, before)
    return _next(step, before, down, 0), _next(step, before, across, 1)


def _next(step: Step, before: Shape, line: Line, axis: int) -> Line:
    first, pitch = line
    match step.layer:
        case L.Conv() | L.Depthwise() as conv:
            middle = (conv.kernel[axis] - 1) * conv.dilation[axis] / 2 - step.padding[2 * axis]
            return first + middle * pitch, pitch * conv.stride[axis]
        case L.MaxPool() | L.AvgPool() as pool:
            middle = (pool.size[axis] - 1) / 2 - pool.padding[axis]
            return first + middle * pitch, pitch * (pool.stride or pool.size)[axis]
        case L.Upsample() | L.Decoder():
            part = before[1 + axis] / step.after[1 + axis]
            return first + (part - 1) / 2 * pitch, pitch * part
    return line


def _check(network: "Network", layer: str) -> None:
    if layer not in network.steps:
        raise RecipeError(f"The network has no layer {layer!r}. {nearest(layer, network.steps)}")
    step = graph_of(network)[layer].step
    assert step is not None
    if len(step.after) != 3:
        raise RecipeError(
            f"{layer} gives a row of values and no map. Grad-CAM looks at a layer with maps, as {last_map(network)}."
        )


def _sentence(target: "Target", layer: str, score: float) -> str:
    said = (
        f"Orange: what {layer} sees there speaks for {target.words}, now {written(score)}{target.averaged}; blue: against it. "
        "The published method drops the blue. The map is as coarse as the layer, and its numbers have no unit."
    )
    if target.kind == "logit":
        return said
    return f"{said} Each channel has one weight for the whole map, so other things that look alike light up too."
