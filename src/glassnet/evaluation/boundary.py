"""Boundary F1: how well the outlines agree, which IoU of large areas hardly sees.

Csurka, Larlus, Perronnin 2013 (BMVC, "What is a good evaluation measure for semantic segmentation?"): in one picture and for one class,
precision is the share of the answer's boundary pixels that lie within a tolerance of the truth's boundary, recall the share of the truth's
within it of the answer's; F1 is their harmonic mean. A boundary pixel of a class has a neighbour above, below, left or right of another
class; the picture's edge is no boundary. Distances are Euclidean, between centres of pixels; the tolerance is 0.75 % of the picture's
diagonal, at least one pixel.

Ignored pixels: data sets often draw a thin ignored band along every outline. Bands up to twice the tolerance wide are given to the nearest
class, so that the outline lies in their middle; wider ignored regions are left out, and where a class meets one there is no boundary.
"""

import math

import numpy as np

from glassnet.data.truths import IGNORED

TOLERANCE = 0.0075
_ALL, _LATER, _EARLIER = slice(None), slice(1, None), slice(None, -1)
_NEIGHBOURS = (
    ((_LATER, _ALL), (_EARLIER, _ALL)),
    ((_EARLIER, _ALL), (_LATER, _ALL)),
    ((_ALL, _LATER), (_ALL, _EARLIER)),
    ((_ALL, _EARLIER), (_ALL, _LATER)),
)


def boundary_f1(truth: np.ndarray, answer: np.ndarray, classes: int, tolerance: float = TOLERANCE) -> np.ndarray:
    """Return float64 (K,): the boundary F1 of each class in one picture, NaN for a class without a boundary in truth and answer.

    `truth` and `answer` uint8 (H, W) hold class numbers; truth has 255 where it is not known. `tolerance` is a share of the diagonal.
    """
    height, width = truth.shape
    reach = max(1.0, tolerance * math.hypot(height, width))
    known = _bridged(truth, reach)
    answer = np.where(known == IGNORED, np.uint8(IGNORED), answer)
    wanted, given = _places(known, reach), _places(answer, reach)
    found = [_share_near(given, wanted, classes, reach), _share_near(wanted, given, classes, reach)]
    (precise, given_any), (recalled, wanted_any) = found
    total = precise + recalled
    both = np.divide(2 * precise * recalled, total, out=np.zeros(classes), where=total > 0)
    return np.where(given_any | wanted_any, both, np.nan)


class _Places:
    """Boundary pixels as sorted codes, class after class, column after column, so that neighbours in a column are found by bisection."""

    def __init__(self, kinds: np.ndarray, y: np.ndarray, x: np.ndarray, high: int, wide: int) -> None:
        self.high, self.wide = high, wide
        codes = (kinds.astype(np.int64) * wide + x) * high + y
        order = np.argsort(codes, kind="stable")
        self.codes, self.kinds = codes[order], kinds[order]


def _places(labels: np.ndarray, reach: float) -> _Places:
    edge = np.zeros(labels.shape, bool)
    for one, other in _NEIGHBOURS:
        edge[one] |= (labels[one] != labels[other]) & (labels[one] != IGNORED) & (labels[other] != IGNORED)
    y, x = np.nonzero(edge)
    room = (
        int(reach) + 1
    )  # empty columns and rows between classes and columns, so that a search never reaches into the next
    height, width = labels.shape
    return _Places(labels[y, x], y, x + room, height + room, width + 2 * room)


def _share_near(asked: _Places, known: _Places, classes: int, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Return for each class the share of `asked` that has a pixel of its class in `known` within reach, and whether it has any at all."""
    totals = np.bincount(asked.kinds, minlength=classes)
    left, kinds = asked.codes, asked.kinds
    near = np.zeros(classes, np.int64)
    steps = [0, *(side * step for step in range(1, int(reach) + 1) for side in (1, -1))]
    for step in steps if len(known.codes) else ():
        limit = int(math.sqrt(reach * reach - step * step))
        column = left + step * known.high
        at = np.searchsorted(known.codes, column)
        below = known.codes[np.minimum(at, len(known.codes) - 1)] - column
        above = column - known.codes[np.maximum(at - 1, 0)]
        hit = ((below >= 0) & (below <= limit)) | ((above >= 0) & (above <= limit))
        near += np.bincount(kinds[hit], minlength=classes)
        left, kinds = left[~hit], kinds[~hit]
        if not left.size:
            break
    return np.divide(near, totals, out=np.zeros(classes), where=totals > 0), totals > 0


def _bridged(labels: np.ndarray, reach: float) -> np.ndarray:
    """Return the labels with narrow ignored bands given to the nearest class (steps up, down, left, right)."""
    ignored = labels == IGNORED
    if not ignored.any():
        return labels
    deep = ~grown(~ignored, reach)
    band = ignored & ~grown(deep, reach)
    found = labels.copy()
    while True:
        empty = band & (found == IGNORED)
        if not empty.any():
            return found
        before = found.copy()
        for to, away in _NEIGHBOURS:
            taken = empty[to] & (found[to] == IGNORED) & (before[away] != IGNORED)
            found[to][taken] = before[away][taken]
        if np.array_equal(found, before):
            return found


def grown(mask: np.ndarray, reach: float) -> np.ndarray:
    """Return bool (H, W): the pixels within `reach` of a pixel of `mask` (Euclidean): a dilation with a disk.

    One pass measures the distance along columns, then one comparison for each column offset of the disk.
    """
    height, width = mask.shape
    far = np.int32(2 * (height + int(reach)) + 2)
    rows = np.arange(height, dtype=np.int32)[:, None]
    last = np.maximum.accumulate(np.where(mask, rows, -far), axis=0)
    following = np.minimum.accumulate(np.where(mask, rows, height + far)[::-1], axis=0)[::-1]
    distance = np.minimum(rows - last, following - rows)
    found = np.zeros(mask.shape, bool)
    for step in range(min(int(reach), width - 1) + 1):
        within = distance <= int(math.sqrt(reach * reach - step * step))
        found[:, step:] |= within[:, : width - step]
        found[:, : width - step] |= within[:, step:]
    return found
