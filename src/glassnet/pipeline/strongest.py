"""Where each layer answers most to a picture, and what those values see of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.frames import Frame

if TYPE_CHECKING:
    from glassnet.explain.seen import LayerSeen, Seen
    from glassnet.networks.network import Network

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Strongest:
    """The greatest value of a layer: where it stands (`y` and `x` None in a row of values), and what it sees, `box` (x1, y1, x2, y2) in
    edges of the picture's own pixels; None where it sees only padding.
    """

    layer: str
    channel: int
    y: int | None
    x: int | None
    value: float
    box: Box | None

    @property
    def place(self) -> str:
        """The place as `--at` takes it: conv2,7,3,4."""
        return ",".join(str(part) for part in (self.layer, self.channel, self.y, self.x) if part is not None)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "channel": self.channel,
            "y": self.y,
            "x": self.x,
            "value": self.value,
            "box": None if self.box is None else list(self.box),
        }


def strongest(network: "Network", seen: "Seen", frame: Frame) -> tuple[Strongest, ...]:
    """Return the place of the greatest value of every layer, in the order of the layers."""
    from glassnet.explain.field import field

    found = []
    for layer in seen:
        at = np.unravel_index(int(np.argmax(layer.values)), layer.shape)
        channel, y, x = (*map(int, at), None, None)[:3] if len(layer.shape) == 1 else map(int, at)
        box = field(network, layer.name, channel, y, x, frame).original
        found.append(Strongest(layer.name, channel, y, x, float(layer.values[at]), box))
    return tuple(found)


def strongest_channels(layer: "LayerSeen", most: int) -> list[int]:
    """Return the channels of a layer with the greatest values, the greatest first."""
    greatest = layer.values.reshape(len(layer.values), -1).max(1)
    return (-greatest).argsort(kind="stable")[:most].tolist()
