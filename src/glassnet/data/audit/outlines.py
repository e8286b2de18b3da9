"""Outlines and run lengths: too few points, no area, crossing themselves, in several parts, of another picture's size."""

from collections.abc import Iterator

import numpy as np

from glassnet.data.catalog import Polygon, Rle, Things
from glassnet.data.extents import extent
from glassnet.data.shapes import check_polygon, check_rle
from glassnet.errors import DataError

_MOST_POINTS = 1500


def faults_of_outlines(annotation: Things, height: int, width: int) -> Iterator[tuple[str, str]]:
    """Yield (code, reason) of polygons and run lengths that cannot be painted into a picture of this size."""
    for thing in annotation.things:
        shape = thing.shape
        try:
            if isinstance(shape, Polygon):
                few = [part for part in shape.parts if len(part) % 2 == 0 and len(part) < 6]
                if few or not shape.parts:
                    n = len(few[0]) // 2 if few else 0
                    points = "one point" if n == 1 else f"{n or 'no'} points"
                    yield "bad_polygon", f"the outline of {thing.label} has {points}; it needs three"
                    continue
                check_polygon(shape, height, width)
                if max(map(_area, shape.parts)) <= 0:
                    yield "shape_empty", f"the outline of {thing.label} has no area"
            elif isinstance(shape, Rle):
                if (shape.height, shape.width) != (height, width):
                    sizes = f"{shape.width}×{shape.height} pixels, the picture {width}×{height}"
                    yield "bad_rle", f"the run lengths of {thing.label} are for {sizes}"
                    continue
                check_rle(shape, height, width)
                if extent(shape) is None:
                    yield "shape_empty", f"the run lengths of {thing.label} cover no pixel"
        except DataError as error:
            code = "bad_rle" if isinstance(shape, Rle) else "bad_polygon"
            yield code, f"the shape of {thing.label} cannot be used: {str(error).rstrip('.')}"


def crosses_itself(part: tuple[float, ...]) -> bool:
    """Whether two edges of a closed outline x0, y0, x1, y1, … cross, touching not counted. Very long ones are not looked at."""
    points = np.asarray(part, np.float64).reshape(-1, 2)
    if not 4 <= len(points) <= _MOST_POINTS or not np.isfinite(points).all():
        return False
    start, stop = points, np.concatenate([points[1:], points[:1]])
    side_start = _side(start[:, None], stop[:, None], start[None])
    side_stop = _side(start[:, None], stop[:, None], stop[None])
    splits = side_start * side_stop < 0  # edge j has its ends on both sides of the line through edge i
    return bool((splits & splits.T).any())


def _side(a: np.ndarray, b: np.ndarray, point: np.ndarray) -> np.ndarray:
    along, to = b - a, point - a
    return np.sign(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])


def _area(part: tuple[float, ...]) -> float:
    x, y = (np.asarray(part, np.float64).reshape(-1, 2) - part[:2]).T
    return abs(float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))) / 2  # the first point is the origin
