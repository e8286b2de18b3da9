"""Whether the values of masks are classes or number the things in them: the same file format holds both, so the values are looked at."""

from collections.abc import Sequence

import numpy as np

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
    pieces = [one for values, found in zip(plain, held, strict=True) for one in _in_one_piece(values, found)]
    return bool(np.mean(pieces) >= 0.9)


def _values(mask: np.ndarray) -> list[int]:
    found = np.unique(mask).tolist()
    wide = bool(found) and found[-1] > VOID
    return [value for value in found if value > 0 and (wide or value != VOID)]


def _in_one_piece(mask: np.ndarray, values: Sequence[int]) -> list[bool]:
    """Return for each of these values whether its pixels touch one another, corners included."""
    from scipy import ndimage

    compact = np.zeros(mask.shape, np.int32)
    inside = np.isin(mask, values)
    compact[inside] = np.searchsorted(values, mask[inside]) + 1
    around = np.ones((3, 3), bool)
    one = []
    for number, place in enumerate(ndimage.find_objects(compact), 1):
        one.append(place is not None and ndimage.label(compact[place] == number, around)[1] == 1)
    return one
