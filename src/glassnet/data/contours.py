"""The outline of a mask as polygons that give exactly the same mask again, holes included, for formats that know nothing else.

Outlines run along the edges of pixels. A hole is joined to what surrounds it by a cut straight up, there and back again, which takes
nothing away.
"""

from collections.abc import Iterator

import numpy as np

from glassnet.data.catalog import Polygon
from glassnet.errors import DataError

Point = tuple[int, int]
_EAST, _SOUTH, _WEST, _NORTH = (1, 0), (0, 1), (-1, 0), (0, -1)


def polygon_of(mask: np.ndarray) -> Polygon:
    """Return the outline of the pixels of bool (H, W), one part for each piece; `rasterise` gives the same pixels back.

    Pixels that touch only at a corner are different pieces. Raises DataError for a mask without pixels.
    """
    mask = np.asarray(mask, bool)
    if not mask.any():
        raise DataError("The mask of a thing has no pixels, so it has no outline.")
    outer, holes = [], []
    for loop in _loops(mask):
        (outer if _area(loop) > 0 else holes).append(loop)
    owner = {point: loop for loop in outer for point in loop}
    for hole in sorted(holes, key=lambda loop: min((y, x) for x, y in loop)):
        start = min(range(len(hole)), key=lambda i: (hole[i][1], hole[i][0]))
        x, top = hole[start]
        y = top
        while (x, y) not in owner:
            y -= 1  # the point above it, as far as pixels of the thing lie on both sides
        loop = owner[x, y]
        at = loop.index((x, y))
        turned = hole[start:] + hole[:start]
        up = [(x, row) for row in range(top - 1, y - 1, -1)]
        loop[at:at] = [*reversed(up), *turned, (x, top), *up[:-1]] if up else turned
        for point in (*hole, *up):
            owner[point] = loop
    return Polygon(tuple(tuple(float(n) for point in _corners(loop) for n in point) for loop in outer))


def _loops(mask: np.ndarray) -> Iterator[list[Point]]:
    """Yield the closed ways along the edges of pixels, every point of the grid on them, pixels of the thing at the right hand."""
    inside = np.pad(mask, 1)
    here = inside[1:-1, 1:-1]
    sides = (
        (here & ~inside[:-2, 1:-1], _EAST, (0, 0)),
        (here & ~inside[1:-1, 2:], _SOUTH, (1, 0)),
        (here & ~inside[2:, 1:-1], _WEST, (1, 1)),
        (here & ~inside[1:-1, :-2], _NORTH, (0, 1)),
    )
    ways: dict[Point, list[Point]] = {}
    for there, step, (right, down) in sides:
        for y, x in np.argwhere(there).tolist():
            ways.setdefault((x + right, y + down), []).append(step)
    while ways:
        start = next(iter(ways))
        at, step, loop = start, ways[start][0], []
        while True:
            choices = ways[at]
            if len(choices) > 1:
                step = next(
                    (turn for turn in choices if loop and turn == (-step[1], step[0])), choices[0]
                )  # stay at the same pixel
            else:
                step = choices[0]
            choices.remove(step)
            if not choices:
                del ways[at]
            loop.append(at)
            at = (at[0] + step[0], at[1] + step[1])
            if at == start:
                break
        yield loop


def _area(loop: list[Point]) -> int:
    """Return twice the area within a loop, positive where it runs clockwise as seen."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(loop, loop[1:] + loop[:1], strict=True))


def _corners(loop: list[Point]) -> list[Point]:
    """Leave out the points in the middle of a straight way; the end of a cut, where the way turns back, stays."""
    kept = []
    for before, point, after in zip([loop[-1], *loop[:-1]], loop, [*loop[1:], loop[0]], strict=True):
        arriving = (point[0] - before[0], point[1] - before[1])
        leaving = (after[0] - point[0], after[1] - point[1])
        if arriving != leaving and leaving != (0, 0):
            kept.append(point)
    return kept
