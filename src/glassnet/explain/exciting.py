"""The training pictures that excite a channel most, and the crop of each that did it.

    found = exciting(network, store.pixels, lock.train, "conv2", [7, 12])
    found[7][0].row, found[7][0].box        # the strongest, and where in the fitted picture it looked

What a channel looks for is seen best in what it answers to most (Zeiler and Fergus, arXiv:1311.2901).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from glassnet.errors import RecipeError
from glassnet.explain.field import field
from glassnet.explain.watching import Progress, watch

if TYPE_CHECKING:
    import torch

    from glassnet.networks.network import Network


class Excited(NamedTuple):
    """One picture and the greatest `value` of a channel in it, at row `y` and column `x` of the layer's map (None in a row of values).

    `box` (x1, y1, x2, y2), in edges of the fitted picture's pixels, is what that value sees.
    """

    row: int
    value: float
    y: int | None
    x: int | None
    box: tuple[int, int, int, int]


def exciting(
    network: "Network",
    pixels: np.ndarray,
    rows: Sequence[int] | np.ndarray,
    layer: str,
    channels: Sequence[int],
    top: int = 9,
    progress: Progress | None = None,
) -> dict[int, list[Excited]]:
    """Return for each channel of `layer` the `top` pictures among `rows` of `pixels` uint8 (n, H, W, C) with its greatest values.

    Strongest first, of equals the earlier row. A value that is the channel's least everywhere (a ReLU that is off) excites nothing, so
    a dead channel has none. Raises RecipeError for a layer or channel that is not there.
    """
    return most_exciting(network, pixels, rows, {layer: channels}, top, progress)[layer]


def most_exciting(
    network: "Network",
    pixels: np.ndarray,
    rows: Sequence[int] | np.ndarray,
    wanted: Mapping[str, Sequence[int]],
    top: int = 9,
    progress: Progress | None = None,
) -> dict[str, dict[int, list[Excited]]]:
    """As `exciting`, for channels of several layers in one pass over the pictures."""
    best = {name: _Best(name, list(channels), top) for name, channels in wanted.items()}

    def keep(name: str, rows: np.ndarray, found: "torch.Tensor") -> None:
        best[name].see(rows, found)

    watch(network, pixels, rows, list(best), keep, progress)
    return {name: each.found(network) for name, each in best.items()}


class _Best:
    """The greatest values seen so far of some channels of one layer: arrays (channels, up to `top`)."""

    def __init__(self, layer: str, channels: list[int], top: int) -> None:
        self.layer, self.channels, self.top = layer, channels, top
        self.width: int | None = None
        self.least = np.full(len(channels), np.inf)
        self.values = np.empty((len(channels), 0), np.float32)
        self.rows = np.empty((len(channels), 0), np.int64)
        self.places = np.empty((len(channels), 0), np.int64)

    def see(self, rows: np.ndarray, found: "torch.Tensor") -> None:
        """Take in the output (b, C, h, w) or (b, units) of one batch."""
        count = found.shape[1]
        wrong = [channel for channel in self.channels if not 0 <= channel < count]
        if wrong:
            raise RecipeError(f"{self.layer} has no channel {wrong[0]}: its channels are 0 to {count - 1}.")
        self.width = found.shape[3] if found.ndim == 4 else None
        mine = found[:, self.channels].flatten(2) if found.ndim == 4 else found[:, self.channels, None]
        values, places = mine.max(2)
        self.least = np.minimum(self.least, mine.amin((0, 2)).cpu().numpy())
        both = np.concatenate([self.values, values.T.cpu().numpy()], 1)
        # Rows come in order, so that a stable sort keeps the earlier of equals.
        order = np.argsort(-both, axis=1, kind="stable")[:, : self.top]
        self.values = np.take_along_axis(both, order, 1)
        seen = np.broadcast_to(rows, (len(self.channels), len(rows)))
        self.rows = np.take_along_axis(np.concatenate([self.rows, seen], 1), order, 1)
        self.places = np.take_along_axis(np.concatenate([self.places, places.T.cpu().numpy()], 1), order, 1)

    def found(self, network: "Network") -> dict[int, list[Excited]]:
        """Return what was kept, with what each value sees."""
        boxes: dict[tuple[int, int | None, int | None], tuple[int, int, int, int]] = {}
        all_found: dict[int, list[Excited]] = {}
        for i, channel in enumerate(self.channels):
            mine = all_found[channel] = []
            for value, row, place in zip(self.values[i], self.rows[i], self.places[i], strict=True):
                if not value > self.least[i]:
                    break
                y, x = divmod(int(place), self.width) if self.width else (None, None)
                key = (0 if self.width else channel, y, x)  # all channels of a map see alike
                if key not in boxes:
                    boxes[key] = field(network, self.layer, *key).box
                mine.append(Excited(int(row), float(value), y, x, boxes[key]))
        return all_found
