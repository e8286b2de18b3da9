"""What reads what in a network: for every step, the steps whose values it takes. Nothing here imports torch.

A list of layers is a line, but a residual has two ways and a decoder reads maps from far before it; the arithmetic needs to know the
true source of every value.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glassnet.errors import RecipeError
from glassnet.networks import layers as L
from glassnet.networks.decoder import read_by
from glassnet.networks.shapes import Step
from glassnet.networks.stages import stages_of
from glassnet.networks.words import nearest

if TYPE_CHECKING:
    from glassnet.networks.network import Network

Place = tuple[int, int | None, int | None]
"""Channel, row and column of a value; row and column are None in a row of values."""

ELEMENTWISE = (L.BatchNorm, L.Standardize, L.Scale, L.Activation, L.Dropout)
"""Layers whose every value is made from the one value at the same place."""


@dataclass(frozen=True)
class Node:
    """One step and the names of the steps it reads, in the order in which its module takes them. The picture itself has no step."""

    name: str
    step: Step | None
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """Every node by name. `picture` is the name of the network's input, `vote` that of the softmax over its last row of values.

    `order` are the steps as `forward` runs them; the nodes are linked as the user wrote the list.
    """

    nodes: dict[str, Node]
    picture: str
    vote: str
    order: tuple[str, ...]
    _at: dict[str, int] = field(repr=False)

    def __getitem__(self, name: str) -> Node:
        if name not in self.nodes:
            raise RecipeError(f"The network has no layer {name!r}. {nearest(name, self.nodes)}")
        return self.nodes[name]

    def pools_first(self, name: str) -> str | None:
        """Return the activation that the list puts before the max pooling `name` and the network applies after it, or None."""
        node = self[name]
        if node.step is None or not isinstance(node.step.layer, L.MaxPool):
            return None
        before = self[node.sources[0]]
        if before.step is None or not isinstance(before.step.layer, L.Activation):
            return None
        return before.name if self._at[before.name] > self._at[name] else None

    def applied_late(self, name: str) -> str | None:
        """Return the max pooling that the network runs before the activation `name`, although the list has it after; or None."""
        return next((other for other in self.nodes if self.pools_first(other) == name), None)

    def seen_through(self, name: str) -> tuple[str, tuple[Step, ...]]:
        """Return the layer whose values `name` only moves or passes on (flatten, dropout), and the flattens on the way, last first."""
        flattens: list[Step] = []
        node = self[name]
        while node.step is not None and isinstance(node.step.layer, L.Flatten | L.Dropout):
            if isinstance(node.step.layer, L.Flatten):
                flattens.append(node.step)
            node = self[node.sources[0]]
        return node.name, tuple(flattens)

    def changed_next(self, name: str) -> str | None:
        """Return the elementwise layer that alone reads `name`, or None."""
        readers = [node for node in self.nodes.values() if name in node.sources]
        if len(readers) == 1 and readers[0].step is not None and isinstance(readers[0].step.layer, ELEMENTWISE):
            return readers[0].name
        return None


def graph_of(network: "Network") -> Graph:
    """Return the graph of a network."""
    names = set(network.steps)
    picture, vote = _free("input", names), _free("softmax", names)
    nodes = {picture: Node(picture, None, ())}
    _link(network.plan, picture, nodes)
    last = network.plan[-1]
    if len(last.after) == 1:
        nodes[vote] = Node(vote, None, (last.name,))
    order = network.order
    return Graph(nodes, picture, vote, order, {name: at for at, name in enumerate(order)})


def unflattened(step: Step, place: Place) -> Place:
    """Return the place before a flatten of the value at `place` after it."""
    if len(step.before) == 1:
        return place
    _, height, width = step.before
    channel, rest = divmod(place[0], height * width)
    return channel, *divmod(rest, width)


def backbone_map(name: str, at: int) -> str:
    """Return the name of the map `at` (from 1, finest first) of a backbone; no layer can be called so."""
    return f"{name}.map{at}"


def _link(steps: Sequence[Step], source: str, nodes: dict[str, Node]) -> str:
    """Add the nodes of `steps`, the first of which reads `source`; return the name of the last."""
    for at, step in enumerate(steps):
        if isinstance(step.layer, L.Residual):
            inner = _link(step.inner, source, nodes)
            sources: tuple[str, ...] = (inner, _link(step.shortcut, source, nodes))
        elif isinstance(step.layer, L.Decoder):
            sources = (_link_levels(step, steps[:at], nodes),)
        else:
            sources = (source,)
        if isinstance(step.layer, L.Backbone):
            for number in range(1, len(_stages((step,)))):
                name = backbone_map(step.name, number)
                nodes[name] = Node(name, step, sources)
        nodes[step.name] = Node(step.name, step, sources)
        source = step.name
    return source


def _link_levels(decoder: Step, before: Sequence[Step], nodes: dict[str, Node]) -> str:
    """Add the nodes inside a decoder: at every level a convolution of a map, from the second on the sum with the level before."""
    assert isinstance(decoder.layer, L.Decoder)
    maps = _stages(before)
    reads = iter(read_by(decoder.layer, stages_of(before)[0]))
    last = below = ""
    for step in decoder.inner:
        if step.name.startswith(f"{decoder.name}_lateral"):
            below, sources = last, (maps[next(reads)],)
        elif isinstance(step.layer, L.Sum):
            sources = (last, below)
        else:
            sources = (last,)
        nodes[step.name] = Node(step.name, step, sources)
        last = step.name
    return last


def _stages(steps: Sequence[Step]) -> list[str]:
    """Return the name of the map of every stage, finest first."""
    layers = {step.name: step.layer for step in steps}
    stages, ends = stages_of(steps)
    names: list[str] = []
    for end in ends:
        count = sum(stage.name == end for stage in stages) if isinstance(layers[end], L.Backbone) else 1
        names += [backbone_map(end, at) for at in range(1, count)] + [end]
    return names


def _free(name: str, taken: Iterable[str]) -> str:
    """Return `name`, or with a number where a layer is called so."""
    taken = set(taken)
    at = 1
    while (found := name if at == 1 else f"{name}{at}") in taken:
        at += 1
    return found
