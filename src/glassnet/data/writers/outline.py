"""One closed outline for any mask, separate parts included, for formats that give a thing a single line around it.

Parts are joined by seams: the line goes over and comes back the same way, which encloses nothing, so that COCO's rule for filling
polygons gives back every pixel.
"""

import numpy as np

from glassnet.data.catalog import Polygon, Shape
from glassnet.data.shapes import polygon_of, rasterise


def single_outline(shape: Shape | None, mask: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return float64 (V, 2), one closed line around a thing, and whether it has seams: over to another part, or into a hole.

    A polygon of one part comes back point by point. Anything else covers exactly the pixels of `mask`, bool (H, W).
    Raises DataError for a mask without pixels.
    """
    if isinstance(shape, Polygon):
        line = _joined(shape)
        if len(shape.parts) == 1 or np.array_equal(fill(line, *mask.shape), mask):  # not equal where parts overlap
            return line, len(shape.parts) > 1
    line = _joined(polygon_of(mask))
    return line, len(np.unique(line, axis=0)) < len(line)


def fill(line: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return bool (height, width): the pixels within a closed line, float64 (V, 2)."""
    return rasterise(Polygon((tuple(line.ravel().tolist()),)), height, width, lambda key: b"")


def _joined(shape: Polygon) -> np.ndarray:
    """Return one line (V, 2) through all parts; each begins and ends at the corner of the others that is nearest to its first."""
    whole, *others = (np.reshape(part, (-1, 2)).astype(np.float64) for part in shape.parts)
    for line in others:
        here = int(((whole - line[0]) ** 2).sum(axis=1).argmin())
        whole = np.concatenate([whole[: here + 1], line, line[:1], whole[here:]])
    return whole
