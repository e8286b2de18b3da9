"""One closed outline for any mask, holes and separate parts included, for formats that give a thing a single line around it.

The line runs along the edges of pixels. Parts and holes are joined by seams: the line goes over and comes back the same way, which
encloses nothing, so that COCO's rule for filling polygons gives back every pixel.
"""

import numpy as np

from glassnet.data.catalog import Polygon, Shape
from glassnet.data.shapes import box_of, rasterise

Step = tuple[int, int, int, int]  # x, y where an edge of a pixel begins, and the direction in which it is walked


def single_outline(shape: Shape | None, mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Return float64 (V, 2), one closed line around a thing, and from how many lines it was joined (1: there is no seam).

    A polygon of one part comes back point by point. Anything else covers exactly the pixels of `mask`, bool (H, W).
    Raises DataError for a mask without pixels.
    """
    if isinstance(shape, Polygon):
        parts = [np.reshape(part, (-1, 2)).astype(np.float64) for part in shape.parts]
        line = _joined(parts)
        if len(parts) == 1 or np.array_equal(fill(line, *mask.shape), mask):  # not equal where parts overlap
            return line, len(parts)
    rings = rings_of(mask)
    return _joined(rings), len(rings)


def fill(line: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return bool (height, width): the pixels within a closed line, float64 (V, 2)."""
    return rasterise(Polygon((tuple(line.ravel().tolist()),)), height, width, lambda key: b"")


def rings_of(mask: np.ndarray) -> list[np.ndarray]:
    """Return the lines around the pixels of bool (H, W), float64 (V, 2) each, corners only, the longest first.

    Outer lines run clockwise as seen, those of holes the other way round. Pixels that touch at a corner share a line.
    Raises DataError for a mask without pixels.
    """
    x1, y1, x2, y2 = map(int, box_of(mask))
    left = dict.fromkeys(_edges(np.pad(mask[y1:y2, x1:x2], 1)))
    rings = []
    while left:
        start = step = next(iter(left))
        corners = []
        while True:
            del left[step]
            following = _following(step, left, start)
            if following[2:] != step[2:]:
                corners.append(following[:2])
            step = following
            if step == start:
                break
        rings.append(np.add(corners, (x1 - 1.0, y1 - 1.0)))
    return sorted(rings, key=len, reverse=True)


def _edges(padded: np.ndarray) -> list[Step]:
    """Return the edges between pixels of the mask and others, walked so that the mask is on the right hand."""
    inside = padded[1:-1, 1:-1]
    # For each side of a pixel: its neighbour there, where its edge begins, and the direction.
    sides = (
        (padded[:-2, 1:-1], 0, 0, (1, 0)),
        (padded[1:-1, 2:], 1, 0, (0, 1)),
        (padded[2:, 1:-1], 1, 1, (-1, 0)),
        (padded[1:-1, :-2], 0, 1, (0, -1)),
    )
    found: list[Step] = []
    for beside, right, down, (dx, dy) in sides:
        rows, columns = np.nonzero(inside & ~beside)
        starts = zip((columns + 1 + right).tolist(), (rows + 1 + down).tolist(), strict=True)
        found += [(x, y, dx, dy) for x, y in starts]
    return found


def _following(step: Step, left: dict[Step, None], start: Step) -> Step:
    """Return the edge that goes on from a step: to the left where pixels touch at a corner, else whichever there is."""
    x, y, dx, dy = step
    x, y = x + dx, y + dy
    for across, along in ((dy, -dx), (dx, dy), (-dy, dx)):
        following = (x, y, across, along)
        if following in left or following == start:
            return following
    raise AssertionError("the edge of a mask does not end")


def _joined(lines: list[np.ndarray]) -> np.ndarray:
    """Return one line (V, 2) through all of them, each joined to what is there already where the two are nearest."""
    whole = lines[0]
    for line in lines[1:]:
        gaps = ((whole[:, None] - line[None]) ** 2).sum(axis=2)
        here, there = np.unravel_index(int(gaps.argmin()), gaps.shape)
        around = np.concatenate([line[there:], line[: there + 1]])
        whole = np.concatenate([whole[: here + 1], around, whole[here:]])
    return whole
