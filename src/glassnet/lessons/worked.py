"""Small networks with given weights, looked through: the arithmetic of a lesson is the arithmetic of any network.

done = worked([{"conv": 1, "kernel": 2, "bias": False}], picture, {"conv1": filters})
done.map("conv1"), done.open("conv1", 0, 0, 0)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from glassnet.explain.seen import Seen
    from glassnet.explain.terms import Arithmetic
    from glassnet.networks.network import Network


@dataclass(frozen=True, eq=False)
class Worked:
    """A network and what it saw of one picture."""

    network: "Network"
    seen: "Seen"

    def map(self, layer: str) -> list[Any]:
        """Return the output of a layer as nested lists."""
        return plain(self.seen[layer].values)

    def open(self, layer: str, channel: int, y: int | None = None, x: int | None = None) -> "Arithmetic":
        """Return one value opened into its arithmetic."""
        from glassnet.explain.arithmetic import arithmetic

        return arithmetic(self.network, self.seen, layer, channel, y, x)


def worked(
    layers: Sequence[Any],
    picture: Any,
    weights: Mapping[str, Any] | None = None,
    biases: Mapping[str, Any] | None = None,
    classes: Sequence[str] | None = None,
    temperature: float = 1.0,
) -> Worked:
    """Return a network of these layers with these weights, and what it sees of `picture`, numbers (C, H, W).

    `classes` None: the list does not end in a vote of its own, and a small one is put behind it that nobody looks at. The sums are made in
    float64, so that what can be worked out by hand comes out as by hand. Raises RecipeError where the layers do not fit.
    """
    import torch

    from glassnet.explain.seen import look
    from glassnet.networks.network import build

    given = torch.tensor(np.asarray(picture, np.float64))
    ended = list(layers) if classes is not None else [*layers, "global_pool", {"dense": "classes", "name": "unseen"}]
    network = build(ended, tuple(given.shape), classes if classes is not None else 1).double().eval()
    with torch.no_grad():
        for name, values in (weights or {}).items():
            step: Any = network.steps[name]
            step.weight.copy_(torch.tensor(np.asarray(values, np.float64)).view(step.weight.shape))
        for name, values in (biases or {}).items():
            biased: Any = network.steps[name]
            biased.bias.copy_(torch.tensor(np.asarray(values, np.float64)).view(biased.bias.shape))
    return Worked(network, look(network, given[None], temperature))


def plain(values: np.ndarray) -> list[Any]:
    """Return float32 numbers as nested lists, each with no more digits than it has: 0.77, not 0.7699999809."""
    return values.astype(np.float32).astype(str).astype(np.float64).tolist()


def sized(layer: Any, shape: tuple[int, int, int]) -> tuple[int, ...]:
    """Return the shape (C, H, W) that one layer makes of a map. Raises RecipeError with the reason where it does not fit."""
    from glassnet.networks.layers import parse
    from glassnet.networks.shapes import plan

    return tuple(plan(parse([layer, "global_pool", {"dense": "classes"}]), shape, 1)[0].after)
