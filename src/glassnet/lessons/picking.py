"""Numbers for questions, drawn from a seed: the same seed asks the same questions."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from glassnet import randomness

T = TypeVar("T")


class Pick:
    """Draws for the questions of one lesson."""

    def __init__(self, seed: int, lesson: str) -> None:
        self._source = randomness.generator(seed, 0, f"lessons.{lesson}")

    def whole(self, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`, both included."""
        return int(self._source.integers(least, most + 1))

    def wholes(self, count: int, least: int, most: int) -> list[int]:
        """Return `count` whole numbers."""
        return [self.whole(least, most) for _ in range(count)]

    def grid(self, height: int, width: int, least: int, most: int) -> list[list[int]]:
        """Return a grid of whole numbers."""
        return [self.wholes(width, least, most) for _ in range(height)]

    def one(self, of: Sequence[T]) -> T:
        """Return one of several."""
        return of[self.whole(0, len(of) - 1)]

    def tenths(self, least: float, most: float) -> float:
        """Return a number with one decimal."""
        return self.whole(round(least * 10), round(most * 10)) / 10

    def place(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return a place in an array of this shape."""
        return tuple(self.whole(0, size - 1) for size in shape)

    def varied(self, values: np.ndarray, window: tuple[int, int], tries: int = 40) -> tuple[int, int, int]:
        """Return (channel, row, column) of a window in maps (C, H, W) that holds different values where one can be found."""
        best: tuple[int, int, int] = (0, 0, 0)
        most = -1
        for _ in range(tries):
            c, y, x = self.place((values.shape[0], values.shape[1] - window[0] + 1, values.shape[2] - window[1] + 1))
            kinds = len(np.unique(np.round(values[c, y : y + window[0], x : x + window[1]], 2)))
            if kinds > most:
                best, most = (c, y, x), kinds
            if most == window[0] * window[1]:
                break
        return best


def around(values: np.ndarray, place: int, side: int) -> np.ndarray:
    """Return the part of one map of (C, H, W), at most side × side, that lies around the place that argmax or argmin found."""
    c, y, x = np.unravel_index(place, values.shape)
    height, width = values.shape[1:]
    top, left = min(max(0, y - side // 2), max(0, height - side)), min(max(0, x - side // 2), max(0, width - side))
    return values[c, top : top + side, left : left + side]


def layers_of_kind(explained: Any, *kinds: str) -> list[Any]:
    """Return the layers of an explained picture's network that are of one of these kinds; none where nothing is explained."""
    return [] if explained is None else [layer for layer in explained.seen if layer.kind in kinds]
