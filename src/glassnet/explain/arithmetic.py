"""Any value of any layer opened into the arithmetic that made it, in the order in which the network really computed it.

    found = arithmetic(network, seen, "conv2", channel=7, y=3, x=4)
    print(found.text())                     # inputs, weights, products, bias, normalisation, activation, result
    term = found.terms[0]
    arithmetic(network, seen, *term.opens)  # and where that number came from, down to the byte of the pixel

Each family of layers has a file: convolution, dense, pooling, joining, resizing, answer; `changing` has what works value by value.
"""

from typing import TYPE_CHECKING, Any

from glassnet.errors import RecipeError
from glassnet.explain.answer import open_pixel, open_unknown, open_vote
from glassnet.explain.changing import change
from glassnet.explain.convolution import open_convolution
from glassnet.explain.dense import open_dense
from glassnet.explain.graph import ELEMENTWISE, Node, Place, unflattened
from glassnet.explain.joining import open_residual, open_sum
from glassnet.explain.pooling import open_global_pool, open_pool
from glassnet.explain.reading import Source
from glassnet.explain.resizing import open_resized
from glassnet.explain.seen import Seen
from glassnet.explain.terms import Arithmetic, Change, Combined
from glassnet.networks import layers as L

if TYPE_CHECKING:
    from glassnet.networks.network import Network


def arithmetic(
    network: "Network", seen: Seen, layer: str, channel: int, y: int | None = None, x: int | None = None
) -> Arithmetic:
    """Return how the value of `layer` in `channel`, row `y` and column `x` was made; a row of values has no y and x.

    The layer's own normalisation and activation are steps after the sum, and so a value of `batch_norm1` or `relu1` opens into the sum of
    the convolution below it. Raises RecipeError for a layer or place that is not there.
    """
    place = _checked(seen, layer, channel, y, x)
    chain, node, at = _down(seen, layer, place)
    combined, late = _combine(network, seen, node, at)
    value, rounding = combined.value, combined.rounding
    changes: list[Change] = []
    for name in (*late, *reversed(chain)):
        made, rounding = _change(network, seen, name, value, _channel(seen, name, at, place), rounding)
        changes.append(made)
        value = made.after
    own = seen[layer][place]
    notes = [combined.note, _order_note(seen, layer, node.name)]
    return Arithmetic(
        layer=layer,
        kind=seen[layer].kind,
        channel=channel,
        y=y,
        x=x,
        shape=seen[layer].shape,
        opened=node.name,
        opened_kind=seen[node.name].kind,
        opened_at=at,
        how=combined.how,
        terms=combined.terms,
        total=combined.total,
        bias=combined.bias,
        combined=combined.value,
        changes=tuple(changes),
        result=value,
        own=own,
        rounding=rounding,
        class_name=_class_name(seen, layer, channel),
        after=_after(network, seen, layer, place, own),
        note=" ".join(note for note in notes if note),
    )


def _checked(seen: Seen, layer: str, channel: int, y: int | None, x: int | None) -> Place:
    shape = seen[layer].shape
    given = (channel,) if y is None and x is None else (channel, y, x)
    inside = len(given) == len(shape) and all(
        isinstance(at, int) and 0 <= at < size for at, size in zip(given, shape, strict=True)
    )
    if not inside:
        names = ("channel", "row", "column") if len(shape) == 3 else ("value",)
        wanted = ", ".join(f"{name} 0 to {size - 1}" for name, size in zip(names, shape, strict=True))
        asked = ", ".join("none" if at is None else str(at) for at in given)
        raise RecipeError(f"{layer} has no value at ({asked}): its places are {wanted}.")
    return channel, y, x


def _down(seen: Seen, layer: str, place: Place) -> tuple[list[str], Node, Place]:
    """Return the elementwise layers from `layer` down, the node that brought values together below them, and the place there."""
    chain: list[str] = []
    node = seen.graph[layer]
    while node.step is not None and isinstance(node.step.layer, (*ELEMENTWISE, L.Flatten)):
        if isinstance(node.step.layer, L.Flatten):
            place = unflattened(node.step, place)
        else:
            chain.append(node.name)
        node = seen.graph[node.sources[0]]
    return chain, node, place


def _channel(seen: Seen, name: str, at: Place, place: Place) -> int:
    """The channel that an elementwise layer of the chain works in: after a flatten it is the place in the row."""
    return place[0] if len(seen[name].shape) == 1 else at[0]


def _combine(network: "Network", seen: Seen, node: Node, place: Place) -> tuple[Combined, tuple[str, ...]]:
    """Return how `node` made its value, and the activation that the network applies after it although the list has it before."""
    late = seen.graph.pools_first(node.name)
    if late is None:
        return _open(network, seen, node, place), ()
    below = Source(seen, seen.graph[late].sources[0])
    assert node.step is not None
    return open_pool(network.steps[node.name], node.step, below, place), (late,)


def _open(network: "Network", seen: Seen, node: Node, place: Place) -> Combined:
    """Return how one layer that is not elementwise made its value."""
    sources = [Source(seen, name) for name in node.sources]
    if node.name == seen.graph.picture:
        return open_pixel(Source(seen, node.name), place)
    if node.name == seen.graph.vote:
        return open_vote(sources[0], place)
    step = node.step
    assert step is not None
    if isinstance(step.layer, L.Backbone):
        return open_unknown(Source(seen, node.name), place)
    module: Any = network.steps[node.name]
    match step.layer:
        case L.Conv() | L.Depthwise():
            return open_convolution(module, step, sources[0], place)
        case L.Dense():
            return open_dense(module, step, sources[0], place)
        case L.MaxPool() | L.AvgPool():
            return open_pool(module, step, sources[0], place)
        case L.GlobalPool():
            return open_global_pool(module, step, sources[0], place)
        case L.Upsample() | L.Decoder():
            return open_resized(module, step, sources[0], place)
        case L.Residual():
            return open_residual(module, step, sources, place)
        case L.Sum():
            return open_sum(module, step, sources, place)
    raise AssertionError(step.layer)


def _change(
    network: "Network", seen: Seen, name: str, value: float, channel: int, rounding: float
) -> tuple[Change, float]:
    step = seen.graph[name].step
    assert step is not None
    return change(network.steps[name], step, value, channel, rounding)


def _after(network: "Network", seen: Seen, layer: str, place: Place, value: float) -> tuple[Change, ...]:
    """Return what the elementwise layers that follow make of the value, one after the other."""
    found: list[Change] = []
    name = seen.graph.changed_next(layer)
    while name is not None:
        made, _ = _change(network, seen, name, value, place[0], 0.0)
        found.append(made)
        value = made.after
        name = seen.graph.changed_next(name)
    return tuple(found)


def _class_name(seen: Seen, layer: str, channel: int) -> str:
    """The class that a value of the answer stands for; "" for every other value."""
    vote = seen.graph.nodes.get(seen.graph.vote)
    return seen.classes[channel] if vote is not None and layer in (vote.name, *vote.sources) else ""


def _order_note(seen: Seen, layer: str, opened: str) -> str:
    late = seen.graph.pools_first(opened)
    if late is not None:
        return f"{opened} is run before {late}, which gives the same value with less work; the list has them the other way round."
    pool = seen.graph.applied_late(layer)
    if pool is not None:
        return (
            f"The network runs {pool} before {layer}, which gives the same values with less work; "
            "here it is shown as the list is written."
        )
    return ""
