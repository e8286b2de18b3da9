"""Regression trees over cells, whose mean along any setting is a sum and no sampling (Hutter, Hoos and Leyton-Brown 2014, ICML).

A leaf is a box: on every axis a set of cells. The mean of a tree over all axes but one is therefore the sum of its leaves, each weighted by
the size of its box along the other axes. The trees are extremely randomised (Geurts, Ernst and Wehenkel 2006, Mach. Learn. 63:3): one
random split per axis and node, the best of them taken.
"""

from collections.abc import Sequence

import numpy as np

from glassnet.evaluation.axes import OFF, Axis

_LEAVES = 400  # of a tree, about: more rows make larger leaves, not more of them


def marginals(
    cells: np.ndarray, scores: np.ndarray, axes: Sequence[Axis], trees: int, source: np.random.Generator
) -> list[np.ndarray]:
    """Fit `trees` trees to scores, float64 (n,), at cells, int (n, d); return for each axis their mean over all others, float64 (cells,).

    A setting that is OFF does nothing, so it may as well have any value: every tree draws one, and learns that it makes no difference.
    """
    means = [np.zeros(axis.size) for axis in axes]
    for _ in range(trees):
        for total, mean in zip(means, _Tree(_filled(cells, axes, source), scores, axes, source).means(), strict=True):
            total += mean / trees
    return means


def _filled(cells: np.ndarray, axes: Sequence[Axis], source: np.random.Generator) -> np.ndarray:
    cells = cells.copy()
    for j, axis in enumerate(axes):
        off = np.flatnonzero(cells[:, j] == OFF)
        if off.size:
            cells[off, j] = source.choice(axis.size, off.size, p=axis.weights)
    return cells


class _Tree:
    """One tree. Cells of all axes stand side by side in one row of flags, `starts` telling where each axis begins."""

    def __init__(
        self,
        cells: np.ndarray,
        scores: np.ndarray,
        axes: Sequence[Axis],
        source: np.random.Generator,
    ) -> None:
        self.cells, self.scores, self.source = cells, scores, source
        self.sizes = np.array([axis.size for axis in axes])
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        self.weights = np.concatenate([axis.weights for axis in axes])
        self.ordered = np.array([axis.ordered for axis in axes])
        self.fewest = max(1, len(scores) // _LEAVES)
        self.boxes: list[np.ndarray] = []
        self.values: list[float] = []
        self._grow()

    def means(self) -> list[np.ndarray]:
        """Return the mean over all other axes, for each axis."""
        boxes, values = np.array(self.boxes), np.array(self.values)
        widths = np.add.reduceat(boxes * self.weights, self.starts, axis=1)
        volume = widths.prod(1)
        along = np.repeat(values[:, None] * volume[:, None] / widths, self.sizes, axis=1)
        return np.split((boxes * along).sum(0), self.starts[1:])

    def _grow(self) -> None:
        waiting = [(np.arange(len(self.scores)), np.ones(len(self.weights), bool))]
        while waiting:
            rows, box = waiting.pop()
            split = self._split(rows) if len(rows) > 2 * self.fewest - 1 and len(rows) > 1 else None
            if split is None:
                value = float(self.scores[rows].mean())
                self.boxes.append(box)
                self.values.append(value)
                continue
            j, low = split
            at = slice(self.starts[j], self.starts[j] + self.sizes[j])
            for side in (low, ~low):
                part = box.copy()
                part[at] &= side
                waiting.append((rows[side[self.cells[rows, j]]], part))

    def _split(self, rows: np.ndarray) -> tuple[int, np.ndarray] | None:
        """Return an axis and the cells of its lower side, bool (cells,), or None where the rows cannot or need not be parted."""
        scores = self.scores[rows]
        if scores.min() == scores.max():
            return None
        seen = self.cells[rows]
        # Names have no order: they get another one in every node.
        keys = [
            np.arange(n) if o else self.source.permutation(n) for n, o in zip(self.sizes, self.ordered, strict=True)
        ]
        place = np.concatenate(keys)[seen + self.starts]
        low, high = place.min(0), place.max(0)
        cut = low + self.source.random(len(low)) * (high - low)
        left = place <= cut
        count = left.sum(0)
        deviation = (scores - scores.mean()) @ left
        other = len(rows) - count
        allowed = (count >= self.fewest) & (other >= self.fewest) & (low < high)
        if not allowed.any():
            return None
        # Sum of squares between the two sides; with deviations from the mean it needs one side only.
        gain = np.where(allowed, deviation**2 * (1 / np.maximum(count, 1) + 1 / np.maximum(other, 1)), -1.0)
        j = int(gain.argmax())
        return j, keys[j] <= cut[j]
