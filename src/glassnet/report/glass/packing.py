"""A network's values and weights as text in a page: float32 in base64, as much as the page may hold, the small layers first.

What can be had exactly from the layer before is left out and computed in the page: relu, max pooling, standardising, flatten, dropout;
and the picture is kept as bytes. What is left of the room goes to weights. A layer whose numbers do not fit is `closed`, with the reason
in words; its maps are then shown as small pictures with 255 steps.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.explain.colours import signed_colours
from glassnet.report.glass.material import GlassLayer, GlassMaterial

MOST_BYTES = 8 * 2**20
"""Of numbers in a page, before base64, which makes a third more of them."""
_VALUES = 0.65  # the share of it that values may take, so that weights find room
STEPS = 511
"""Colours of the scale, zero in the middle."""
_PREVIEW_SIDE, _PREVIEW_CHANNELS = 56, 16
_WEIGHTED = ("conv", "depthwise", "dense")
_ELEMENTWISE = (
    "batch_norm", "standardize", "scale", "dropout", "relu", "leaky_relu", "gelu", "silu", "sigmoid", "tanh",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What a page holds. `kept` says for every layer whose values it has how: f32, u8, or the way in which they follow from the layer
    before; `weights` are the layers whose large numbers it has; `closed` says for every layer that cannot be opened why.
    """

    kept: dict[str, str]
    weights: frozenset[str]
    closed: dict[str, str]
    most: int = MOST_BYTES


def plan_page(layers: Sequence[GlassLayer], most: int = MOST_BYTES) -> Plan:
    """Return what of `layers` (the picture first) a page of at most `most` bytes of numbers holds."""
    kept, room = _values(layers, most)
    weights = set()
    for layer in sorted(layers, key=_weight):
        size = _weight(layer)
        if size <= room and all(source in kept for source in layer.sources):
            room -= size
            weights.add(layer.name)
    return Plan(kept, frozenset(weights), _closed(layers, kept, weights, most), most)


def _values(layers: Sequence[GlassLayer], most: int) -> tuple[dict[str, str], int]:
    named = {layer.name: layer for layer in layers}
    room = int(most * _VALUES)
    kept: dict[str, str] = {}

    def keep(layer: GlassLayer) -> None:
        nonlocal room
        how = "u8" if layer is layers[0] and _is_bytes(layer.values) else "f32"
        size = layer.values.size if how == "u8" else layer.values.nbytes
        if size <= room:
            kept[layer.name] = how
            room -= size

    derived = [layer for layer in layers[1:] if _derived(layer, named)]
    names = {layer.name for layer in derived}
    keep(layers[0])
    for layer in sorted(layers[1:], key=lambda layer: layer.values.size):
        if layer.name not in names:
            keep(layer)
    for layer in derived:
        if layer.sources[0] in kept:
            kept[layer.name] = _derived(layer, named)
        else:
            keep(layer)
    return kept, room + most - int(most * _VALUES)


def _derived(layer: GlassLayer, named: dict[str, GlassLayer]) -> str:
    """Return how the values follow, to the last bit, from those of the one layer that is read; "" where they do not."""
    if len(layer.sources) != 1:
        return ""
    below = named[layer.sources[0]].values
    if layer.kind == "relu":
        return "relu" if np.array_equal(np.maximum(below, 0), layer.values) else ""
    if layer.kind == "standardize" and below.ndim == 3:
        mean, std = layer.numbers["mean"][:, None, None], layer.numbers["std"][:, None, None]
        return "standardize" if np.array_equal((below - mean) / std, layer.values) else ""
    if layer.kind in ("flatten", "dropout"):
        return "same" if np.array_equal(below.ravel(), layer.values.ravel()) else ""
    return "maxpool" if layer.kind == "maxpool" else ""


def _closed(layers: Sequence[GlassLayer], kept: dict[str, str], weights: set[str], most: int) -> dict[str, str]:
    named = {layer.name: layer for layer in layers}
    limit = f"this page holds at most {most / 2**20:.3g} MB of numbers"
    closed = {}
    for layer in layers:
        node = layer
        while node.kind in (*_ELEMENTWISE, "flatten") and node.sources:
            node = named[node.sources[0]]
        reads = (named[node.late].sources[0],) if node.late else node.sources
        missing = [name for name in reads if name not in kept]
        if _foreign(node):
            closed[layer.name] = "It comes from inside a pretrained network that Glassnet did not build."
        elif node.kind in _WEIGHTED and node.name not in weights and not missing:
            count = node.numbers["weight"].size
            closed[layer.name] = f"{node.name} has {count:,} weights, and {limit}."
        elif missing:
            count = named[missing[0]].values.size
            closed[layer.name] = f"It reads the {count:,} values of {missing[0]}, and {limit}."
        elif node is layers[0] and node.name not in kept:
            closed[layer.name] = f"The picture has {node.values.size:,} values, and {limit}."
    return closed


def _foreign(layer: GlassLayer) -> bool:
    return layer.kind == "backbone"


def pack_layer(layer: GlassLayer, plan: Plan) -> dict[str, Any]:
    """Return one layer as plain JSON values, as values.js reads them."""
    seen, values = pack_seen(layer.name, layer.values, plan)
    if values is not None:
        (kind,) = seen["values"]
        seen["values"] = {kind: base64_of(values)}
    return {**pack_still(layer, plan), **seen}


def pack_still(layer: GlassLayer, plan: Plan) -> dict[str, Any]:
    """Return what of a layer is the same for every picture, as plain JSON values."""
    return {
        "name": layer.name,
        "kind": layer.kind,
        "number": layer.number,
        "shape": list(layer.values.shape),
        "sources": list(layer.sources),
        "settings": layer.settings,
        "rows": [list(each) for each in layer.rows],
        "columns": [list(each) for each in layer.columns],
        "late": layer.late,
        "pool_first": layer.pool_first,
        "next": layer.next,
        "closed": plan.closed.get(layer.name, ""),
        "numbers": _numbers(layer, plan),
    }


def pack_seen(name: str, values: np.ndarray, plan: Plan) -> tuple[dict[str, Any], np.ndarray | None]:
    """Return what is told of a layer's values, as plain JSON values, and the numbers that go with it under their kind in `values`, f32 or
    u8; None where they follow from the layer before, or where there is only a small picture of them.
    """
    told: dict[str, Any] = {
        "name": name,
        "range": [float(values.min()), float(values.max())],
        "zeros": float(np.count_nonzero(values == 0)) / values.size,
        "strongest": _strongest(values),
    }
    how = plan.kept.get(name)
    if how == "f32" or (how == "u8" and not _is_bytes(values)):
        return {**told, "values": {"f32": None}}, np.ascontiguousarray(values, "<f4")
    if how == "u8":
        return {**told, "values": {"u8": None}}, _bytes(values)
    if how:
        return {**told, "values": {"from": how}}, None
    return {**told, "preview": _preview(values)}, None


def base64_of(values: np.ndarray) -> str:
    """Return the bytes of an array as base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def _numbers(layer: GlassLayer, plan: Plan) -> dict[str, Any]:
    if layer.kind in _WEIGHTED and layer.name not in plan.weights:
        return {}
    return {
        name: {"shape": list(values.shape), "f32": base64_of(values.astype("<f4"))}
        for name, values in layer.numbers.items()
    }


def _strongest(values: np.ndarray) -> list[int]:
    return [int(at) for at in np.unravel_index(int(values.argmax()), values.shape)]


def _preview(values: np.ndarray) -> dict[str, Any]:
    """Return some channels of a map, every so many rows and columns, in 255 steps: enough to see, not enough to reckon with."""
    shown = values if values.ndim == 3 else values[:, None, None]
    step = -(-max(shown.shape[1:]) // _PREVIEW_SIDE)
    part = shown[: _PREVIEW_CHANNELS if values.ndim == 3 else 1024, ::step, ::step]
    most = float(np.abs(values).max()) or 1.0
    return {"shape": list(part.shape), "step": step, "i8": base64_of(np.round(part / most * 127).astype(np.int8))}


def _weight(layer: GlassLayer) -> int:
    return sum(values.nbytes for values in layer.numbers.values())


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.round(values * 255), 0, 255).astype(np.uint8)


def _is_bytes(values: np.ndarray) -> bool:
    return np.array_equal(_bytes(values).astype(np.float32) / np.float32(255), values)


def page_data(material: GlassMaterial, plan: Plan) -> dict[str, Any]:
    """Return what the page's script works with, as plain JSON values."""
    network, frame = material.network, material.frame
    return {
        "layers": [pack_layer(layer, plan) for layer in network.layers],
        "picture": network.layers[0].name,
        "classes": list(network.classes),
        "vote": network.vote,
        "temperature": network.temperature,
        "stored": [found for found in network.stored if found["layer"] in plan.closed],
        "colours": base64_of(signed_colours(np.linspace(-1, 1, STEPS), 1.0)),
        "look": material.look_in_python,
        "frame": None
        if frame is None
        else {
            "height": frame.height,
            "width": frame.width,
            "scale_x": frame.scale_x,
            "scale_y": frame.scale_y,
            "shift_x": frame.shift_x,
            "shift_y": frame.shift_y,
        },
    }
