"""How targets follow the augmentation's matrices: points of boxes and hulls, and maps with a number in every pixel.

A matrix float64 (3, 3) maps the centre of an output pixel to the place in the input that it shows, centres at whole numbers, as
`training.augment` draws them. Points are edges (the pixel in column c covers x from c to c + 1), so they lie half a pixel further.
"""

from typing import Literal

import numpy as np


def moved_points(points: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Return float64 (N, …, 2): where points (N, …, 2) of N input pictures lie in the output pictures."""
    back = np.linalg.inv(np.asarray(matrices, np.float64))
    flat = np.asarray(points, np.float64).reshape(len(back), -1, 2) - 0.5
    moved = flat @ back[:, :2, :2].transpose(0, 2, 1) + back[:, None, :2, 2]
    return (moved + 0.5).reshape(np.shape(points))


def moved_maps(
    maps: np.ndarray, matrices: np.ndarray, edge: Literal["reflect", "border"], outside: int | None = None
) -> np.ndarray:
    """Return maps (N, H, W) as the moved pictures show them: every output pixel takes the value at the nearest input pixel.

    Beyond the border, a map is mirrored or goes on as its picture does (`edge`), or has the value `outside`.
    """
    n, height, width = maps.shape
    a = np.asarray(matrices, np.float32)
    x, y = np.arange(width, dtype=np.float32)[None, None], np.arange(height, dtype=np.float32)[None, :, None]
    places = []
    for axis in (1, 0):
        at = a[:, axis, 0, None, None] * x + a[:, axis, 1, None, None] * y + a[:, axis, 2, None, None]
        places.append(np.floor(at + 0.5).astype(np.int64))
    rows, columns = places
    beyond = (rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)
    if beyond.any():
        rows, columns = _back(rows, height, edge), _back(columns, width, edge)
    flat = (np.arange(n)[:, None, None] * height + rows) * width + columns
    moved = maps.reshape(-1)[flat]
    if outside is not None:
        moved[beyond] = outside
    return moved


def _back(index: np.ndarray, side: int, edge: str) -> np.ndarray:
    """Bring indices that leave the picture back into it, as `augment` does for its pixels."""
    if edge == "border":
        return index.clip(0, side - 1)
    index = index % (2 * side)
    return np.where(index >= side, 2 * side - 1 - index, index)
