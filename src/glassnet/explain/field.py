"""What part of the picture one value sees: its receptive field, exact at borders too, in the network's input and in the picture itself.

    found = field(network, "conv3", channel=7, y=0, x=4, frame=frame(height, width, pixels))
    found.box, found.original               # (x1, y1, x2, y2) in edges of pixels

The field says what a value could see. `effective` says what it looked at in one picture, by the gradient (Luo et al., "Understanding the
Effective Receptive Field in Deep Convolutional Neural Networks", arXiv:1701.04128).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.frames import Frame
from glassnet.errors import RecipeError
from glassnet.explain.graph import ELEMENTWISE, Graph, Place, graph_of, unflattened
from glassnet.networks import layers as L
from glassnet.networks.words import nearest

if TYPE_CHECKING:
    from glassnet.networks.network import Network

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in edges: the pixel in row r and column c covers x from c to c + 1 and y from r to r + 1."""


@dataclass(frozen=True)
class Field:
    """The smallest box that holds every pixel that can change a value.

    `box` is in the network's input of `height` × `width`; `original` in the pixels of the picture itself, cut at its border, and None
    where no frame was given or only padding is seen. (A pixel of the input was itself blended from its neighbours in a larger picture.)
    """

    box: tuple[int, int, int, int]
    height: int
    width: int
    original: Box | None = None

    @property
    def share(self) -> float:
        """The share of the input that is seen."""
        x1, y1, x2, y2 = self.box
        return (x2 - x1) * (y2 - y1) / (self.height * self.width)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        original = None if self.original is None else list(self.original)
        return {
            "box": list(self.box),
            "height": self.height,
            "width": self.width,
            "original": original,
            "share": self.share,
        }


def field(
    network: "Network", layer: str, channel: int, y: int | None = None, x: int | None = None, frame: Frame | None = None
) -> Field:
    """Return the receptive field of the value of `layer` in `channel`, row `y`, column `x`; a row of values has no y and x.

    `frame` says where the picture lies in the network's input. Raises RecipeError for a layer or place that is not there.
    """
    graph = graph_of(network)
    _, height, width = network.shape
    try:
        top, left, bottom, right = _window(graph, layer, (channel, y, x), (height, width))
    except (IndexError, TypeError):
        shape = graph[layer].step.after if graph[layer].step is not None else network.shape  # type: ignore[union-attr]
        raise RecipeError(f"{layer} has no value at ({channel}, {y}, {x}); its shape is {tuple(shape)}.") from None
    box = (left, top, right, bottom)
    return Field(box, height, width, None if frame is None else _original(box, frame))


def effective(
    network: "Network", picture: Any, layer: str, channel: int, y: int | None = None, x: int | None = None
) -> np.ndarray:
    """Return float32 (H, W) in [0, 1]: how strongly a value answers to a small change of every pixel, the strongest being 1.

    `picture` is float32 (1, C, H, W), as for `look`. All zeros where the value answers to nothing, as behind a ReLU that is off.
    """
    import torch

    from glassnet.explain.seen import answering

    if layer not in network.steps:
        raise RecipeError(f"The network has no layer {layer!r}. {nearest(layer, network.steps)}")
    field(network, layer, channel, y, x)  # refuses a place that is not there
    weights = next(network.parameters(), None)
    given = torch.as_tensor(picture)
    given = (given.to(weights) if weights is not None else given).detach().clone().requires_grad_(True)
    place = (channel,) if y is None else (channel, y, x)
    with torch.enable_grad(), answering(network):
        value = network.activations(given)[layer][0][place]
        (slope,) = torch.autograd.grad(value, given)
    strength = slope[0].abs().sum(0).float().cpu().numpy()
    most = float(strength.max())
    return strength / most if most > 0 else strength


def _window(graph: Graph, name: str, place: Place, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return (top, left, bottom, right) in the network's input, the last two exclusive."""
    channel, y, x = place
    node = graph[name]
    step = node.step
    if name == graph.picture:
        if y is None or x is None or not (0 <= y < size[0] and 0 <= x < size[1]):
            raise IndexError(name)
        return y, x, y + 1, x + 1
    if step is None:  # the softmax hears every logit
        return _window(graph, node.sources[0], (0, None, None), size)
    if isinstance(step.layer, L.Backbone):
        return 0, 0, *size
    if len(step.after) == 3:
        if y is None or x is None or not (0 <= channel < step.after[0] and y >= 0 and x >= 0):
            raise IndexError(name)
        return step.fields.window(y, x)
    if y is not None or x is not None or not 0 <= channel < step.after[0]:
        raise IndexError(name)
    # The plan gives a row of values one window for all; a value that only moved, or was changed by itself, still sees its own.
    if isinstance(step.layer, L.Flatten):
        return _window(graph, node.sources[0], unflattened(step, place), size)
    if isinstance(step.layer, ELEMENTWISE):
        return _window(graph, node.sources[0], place, size)
    if isinstance(step.layer, L.Residual):
        return _around(*(_window(graph, source, place, size) for source in node.sources))
    return step.fields.window(0, 0)


def _around(*windows: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    tops, lefts, bottoms, rights = zip(*windows, strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)


def _original(box: tuple[int, int, int, int], frame: Frame) -> Box | None:
    corners = frame.original(np.array(box, np.float64).reshape(2, 2))
    (x1, y1), (x2, y2) = np.clip(corners, 0.0, (frame.width, frame.height)).tolist()
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None
