"""Whether the values of masks are classes or number the things in them: the same file format holds both, so the values are looked at."""

from collections.abc import Sequence

import numpy as np

from glassnet.data.labels import joined

VOID = 255
"""The value of 8-bit masks that by convention belongs to nothing."""


def numbers_things(masks: Sequence[np.ndarray]) -> bool:
    """Tell whether masks (H, W) of several pictures number their things.

    Three signs together: nearly every value is one connected piece, pictures have different values, and the values count from 1 in
    each picture, or there are far more of them over all pictures than classes would be.
    """
    plain = [values for values in masks if values.ndim == 2]
    held = [_values(values) for values in plain]
    if len(plain) < len(masks) or len(set(map(tuple, held))) < 2 or max(map(len, held)) < 3:
        return False
    counting = all(values == list(range(1, len(values) + 1)) for values in held)
    every = {value for values in held for value in values}
    if not counting and len(every) <= 20:
        return False
    whole = []
    for mask, values in zip(plain, held, strict=True):
        counts = pieces(mask)
        whole += [counts[value] == 1 for value in values]
    return bool(np.mean(whole) >= 0.9)


def smoothed(values: np.ndarray) -> bool:
    """Tell whether a mask (H, W) has two values and a seam of greys between them, as resizing leaves it."""
    found, counts = np.unique(values, return_counts=True)
    return len(found) > 20 and counts[[0, -1]].sum() >= 0.9 * values.size


def _values(mask: np.ndarray) -> list[int]:
    found = np.unique(mask).tolist()
    wide = bool(found) and found[-1] > VOID
    return [value for value in found if value > 0 and (wide or value != VOID)]


def pieces(mask: np.ndarray) -> dict[int, int]:
    """Return {value: number of its connected pieces} of int (H, W), corners included.

    Runs of equal pixels in a row are joined to the runs of the same value that they touch in the next row.
    """
    starts = np.ones(mask.shape, bool)
    starts[:, 1:] = mask[:, 1:] != mask[:, :-1]
    run = np.cumsum(starts).reshape(mask.shape) - 1
    above, below = [], []
    for shift in (-1, 0, 1):
        upper = mask[:-1, max(0, -shift) : mask.shape[1] - max(0, shift)]
        lower = mask[1:, max(0, shift) : mask.shape[1] - max(0, -shift)]
        rows, columns = np.nonzero(upper == lower)
        above.append(run[rows, columns + max(0, -shift)])
        below.append(run[rows + 1, columns + max(0, shift)])
    number = int(run[-1, -1]) + 1
    links = np.unique(np.concatenate(above) * number + np.concatenate(below))
    roots = np.unique(joined(number, links // number, links % number))
    values, counts = np.unique(mask[starts][roots], return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))
