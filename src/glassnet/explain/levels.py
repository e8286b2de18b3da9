"""Low-, middle- and high-level features of one network side by side: which layers stand for them, and their strongest channels."""

from dataclasses import dataclass
from typing import Any

from glassnet.explain.graph import ELEMENTWISE
from glassnet.explain.seen import Seen
from glassnet.networks import layers as L

_TITLES = {
    1: ("Features",),
    2: ("Low-level features", "High-level features"),
    3: ("Low-level features", "Middle-level features", "High-level features"),
}
_WEIGHTS = (L.Conv, L.Depthwise, L.Residual, L.Backbone)
_MOST = 16  # channels of a layer side by side


@dataclass(frozen=True)
class Level:
    """A layer that stands for a level: `title` in words, its strongest `channels` in this picture, the strongest first, and `sees`, the
    (height, width) in pixels of the network's input that a value in the middle of its map sees.
    """

    title: str
    layer: str
    channels: tuple[int, ...]
    sees: tuple[int, int]

    @property
    def sentence(self) -> str:
        """What a value of the layer can know, in a sentence."""
        return f"A value of {self.layer} sees {self.sees[1]} × {self.sees[0]} pixels of the network's input."

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"title": self.title, "layer": self.layer, "channels": list(self.channels), "sees": list(self.sees)}


def levels(seen: Seen, most: int = _MOST) -> tuple[Level, ...]:
    """Return up to three levels, the lowest first: the first, the middle and the last map of features that the network makes.

    A map counts once the normalisation and activation after a convolution are done; a residual counts as one. The answer itself and a
    decoder's maps are no levels.
    """
    names = _maps(seen)
    if not names:
        return ()
    at = sorted({0, (len(names) - 1) // 2, len(names) - 1})
    titles = _TITLES[len(at)]
    found = []
    for title, name in zip(titles, (names[i] for i in at), strict=True):
        strongest = seen[name].values.max(axis=(1, 2))
        channels = tuple((-strongest).argsort(kind="stable")[:most].tolist())
        found.append(Level(title, name, channels, _sees(seen, name)))
    return tuple(found)


def _maps(seen: Seen) -> list[str]:
    """Return the map of every block: a layer with weights, and the last that changes its values one by one before the next block."""
    graph = seen.graph
    steps = [node.step for node in graph.nodes.values() if node.step is not None]
    inside = {inner.name for step in steps for inner in (*step.inner, *step.shortcut)}
    decoded = next((step.inner[0].name for step in steps if isinstance(step.layer, L.Decoder)), "")
    names: list[str] = []
    for layer in seen.layers:
        step = graph[layer.name].step
        if step is None or len(layer.shape) != 3 or layer.name == decoded:
            break
        if layer.name in inside:
            continue
        if isinstance(step.layer, _WEIGHTS):
            names.append(layer.name)
        elif isinstance(step.layer, ELEMENTWISE) and names:
            names[-1] = layer.name
    answer = bool(names) and not any(names[-1] in node.sources for node in graph.nodes.values())
    return names[:-1] if answer else names  # nothing reads the answer of a network that answers with a map


def _sees(seen: Seen, name: str) -> tuple[int, int]:
    step = seen.graph[name].step
    _, height, width = seen.picture.shape
    if step is None or isinstance(step.layer, L.Backbone):
        return height, width
    _, rows, columns = seen[name].shape
    top, left, bottom, right = step.fields.window(rows // 2, columns // 2)
    return bottom - top, right - left
