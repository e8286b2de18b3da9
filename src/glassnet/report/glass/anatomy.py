"""A network taken apart into plain data: what every layer read, its weights, and what each of its values sees of the picture."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.explain.arithmetic import arithmetic
from glassnet.explain.graph import Graph
from glassnet.explain.seen import LayerSeen, Seen
from glassnet.networks import layers as L
from glassnet.networks.shapes import Step
from glassnet.report.glass.material import Anatomy, GlassLayer
from glassnet.report.glass.packing import MOST_BYTES, plan_page

_AHEAD, _TERMS = 2, 27  # of a layer that a page cannot open: so many values are opened ahead, with so many terms each

if TYPE_CHECKING:
    from glassnet.networks.network import Network


def anatomy(network: "Network", seen: Seen, most: int = MOST_BYTES) -> Anatomy:
    """Return the network and what it saw, for a page that holds at most `most` bytes of numbers. `seen` is what `look(network, x)` gave."""
    found = still(network, seen)
    stored = [opened for name in plan_page(found.layers, most).closed for opened in _ahead(network, seen, name)]
    return replace(found, stored=tuple(stored))


def still(network: "Network", seen: Seen) -> Anatomy:
    """Return the network and what it saw, with nothing opened ahead: for a page that has somebody to ask."""
    graph = seen.graph
    layers = tuple(_layer(network, graph, each) for each in (seen.picture, *seen.layers))
    vote = graph.vote if graph.vote in graph.nodes else ""
    parameters = sum(each.numel() for each in network.parameters())
    return Anatomy(layers, seen.classes, vote, seen.temperature, parameters)


def _layer(network: "Network", graph: Graph, seen: LayerSeen) -> GlassLayer:
    node = graph[seen.name]
    step = node.step
    if step is None:
        _, height, width = network.shape
        whole = seen.name != graph.picture
        rows = ((0, height - 1),) if whole else tuple((at, at) for at in range(height))
        columns = ((0, width - 1),) if whole else tuple((at, at) for at in range(width))
        follows = graph.changed_next(seen.name) or ""
        return GlassLayer(seen.name, seen.kind, "", seen.values, node.sources, rows=rows, columns=columns, next=follows)
    # A map inside a pretrained network has no module of its own: it is shown, and not opened.
    opened = seen.name in network.steps and not isinstance(step.layer, L.Backbone)
    settings, numbers = _parts(network.steps[seen.name], step) if opened else ({}, {})
    if isinstance(step.layer, L.Backbone):
        rows, columns = ((0, network.shape[1] - 1),), ((0, network.shape[2] - 1),)
    else:
        rows, columns = tuple(step.fields.rows), tuple(step.fields.columns)
    return GlassLayer(
        name=seen.name,
        kind=seen.kind,
        number=seen.number,
        values=seen.values,
        sources=node.sources,
        numbers=numbers,
        settings=settings,
        rows=rows,
        columns=columns,
        late=graph.pools_first(seen.name) or "",
        pool_first=graph.applied_late(seen.name) or "",
        next=graph.changed_next(seen.name) or "",
    )


def _ahead(network: "Network", seen: Seen, name: str) -> list[dict[str, Any]]:
    """Return the strongest values of a layer's strongest channels, opened, the largest products of each first."""
    values = seen[name].values
    rows = values.reshape(len(values), -1)
    channels = np.argsort(-rows.max(1), kind="stable")[:_AHEAD]
    found = []
    for channel in channels.tolist():
        inside = np.unravel_index(int(rows[channel].argmax()), values.shape[1:]) if values.ndim == 3 else ()
        opened = arithmetic(network, seen, name, channel, *(int(at) for at in inside))
        terms = sorted(opened.terms, key=lambda term: -abs(term.product))
        found.append(replace(opened, terms=tuple(terms)).as_dict(most=_TERMS))
    return found


def _parts(module: Any, step: Step) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the layer's settings and its numbers, as GlassLayer describes them."""
    layer = step.layer
    match layer:
        case L.Conv() | L.Depthwise():
            settings = {
                "stride": list(layer.stride),
                "padding": [step.padding[0], step.padding[2]],
                "dilation": list(layer.dilation),
                "groups": module.groups,
            }
            return settings, _numbers(weight=module.weight, bias=module.bias)
        case L.Dense():
            return {}, _numbers(weight=module.weight, bias=module.bias)
        case L.BatchNorm():
            return {"eps": module.eps}, _numbers(
                mean=module.running_mean, variance=module.running_var, scale=module.weight, shift=module.bias
            )
        case L.Standardize():
            return {}, _numbers(mean=module.mean, std=module.std)
        case L.MaxPool() | L.AvgPool():
            stride = layer.stride or layer.size
            return {"size": list(layer.size), "stride": list(stride), "padding": list(layer.padding)}, {}
        case L.GlobalPool():
            return {"mode": layer.kind}, {}
        case L.Upsample():
            return {"mode": layer.mode}, {}
        case L.Activation():
            return {"slope": module.slope} if layer.kind == "leaky_relu" else {}, {}
        case L.Scale():
            return {"factor": module.factor}, {}
        case L.Dropout():
            return {"rate": layer.rate}, {}
    return {}, {}


def _numbers(**tensors: Any) -> dict[str, np.ndarray]:
    return {
        name: np.ascontiguousarray(tensor.detach().float().cpu().numpy())
        for name, tensor in tensors.items()
        if tensor is not None
    }
