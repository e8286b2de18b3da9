"""Connected parts of a mask, and the grey value that divides a picture best: what was done before networks."""

import numpy as np

from glassnet.data.labels import joined


def components(mask: np.ndarray) -> np.ndarray:
    """Return int32 (h, w): the connected parts of bool (h, w) numbered from 1 as they are met row by row, 0 outside.

    Pixels are connected through their sides, not their corners. Works on runs of pixels along the rows: runs of neighbouring rows that
    share a column are linked, and every run takes the lowest number it can reach.
    """
    height, width = mask.shape
    # One empty column at the end of each row keeps runs from going on in the next.
    flat = np.zeros(height * (width + 1) + 1, bool)
    flat[1:].reshape(height, width + 1)[:, :width] = mask
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    starts, ends = edges[::2], edges[1::2]
    first = np.searchsorted(ends, starts + width + 1, side="right")
    last = np.searchsorted(starts, ends + width + 1, side="left")
    links = np.maximum(last - first, 0)
    above = np.repeat(np.arange(len(starts)), links)
    below = np.arange(links.sum()) - np.repeat(np.cumsum(links) - links, links) + np.repeat(first, links)
    roots = joined(len(starts), above, below)
    numbers = (np.unique(roots, return_inverse=True)[1] + 1).astype(np.int32)
    found = np.zeros(height * (width + 1), np.int32)
    lengths = ends - starts
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    found[np.repeat(starts, lengths) + within] = np.repeat(numbers, lengths)
    return found.reshape(height, width + 1)[:, :width]


def otsu(grey: np.ndarray) -> int:
    """Return the value t of uint8 grey values for which `grey > t` and the rest lie furthest apart (Otsu 1979, IEEE Trans. SMC 9:62).

    Furthest apart is the largest variance between the two groups. 255, so that nothing is above, where there is only one value.
    """
    counts = np.bincount(np.asarray(grey, np.uint8).ravel(), minlength=256).astype(np.float64)
    below, sums = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    above = below[-1] - below
    apart = (sums * below[-1] - sums[-1] * below) ** 2 / np.maximum(below * above, 1)
    return int(apart.argmax()) if apart.max() > 0 else 255
