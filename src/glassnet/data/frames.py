"""Where a picture's own pixels lie in the fitted picture that the network sees, and back: the geometry of `pixels.fit`, as a matrix.

Coordinates are edges, not centres: the pixel in row r and column c covers x from c to c + 1 and y from r to r + 1, in both pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassnet.data.pixels import PixelSettings
from glassnet.data.store import Store


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of `height` × `width` pixels, upright, fitted as `settings` say.

    x in the fitted picture is `scale_x · x + shift_x`, y likewise.
    """

    height: int
    width: int
    settings: PixelSettings
    scale_x: float
    scale_y: float
    shift_x: float
    shift_y: float

    def fitted(self, points: np.ndarray) -> np.ndarray:
        """Return points float64 (…, 2) of the picture as points of the fitted picture."""
        return np.asarray(points, np.float64) * (self.scale_x, self.scale_y) + (self.shift_x, self.shift_y)

    def original(self, points: np.ndarray) -> np.ndarray:
        """Return points float64 (…, 2) of the fitted picture as points of the picture itself."""
        return (np.asarray(points, np.float64) - (self.shift_x, self.shift_y)) / (self.scale_x, self.scale_y)

    @property
    def seen(self) -> tuple[float, float, float, float]:
        """x1, y1, x2, y2 of the part of the fitted picture that is picture and not padding."""
        (x1, y1), (x2, y2) = self.fitted(np.array([[0.0, 0.0], [self.width, self.height]]))
        wide, high = self.settings.width, self.settings.height
        return max(0.0, float(x1)), max(0.0, float(y1)), min(wide, float(x2)), min(high, float(y2))


def frame(height: int, width: int, settings: PixelSettings) -> Frame:
    """Return the frame of a picture of this size. The same arithmetic as `pixels.fit`, rounding of padded sides included."""
    rows, columns = settings.height, settings.width
    if settings.fit == "stretch" or (height, width) == (rows, columns):
        return Frame(height, width, settings, columns / width, rows / height, 0.0, 0.0)
    if settings.fit == "pad":
        scale = min(rows / height, columns / width)
        inner_rows = min(rows, max(1, round(height * scale)))
        inner_columns = min(columns, max(1, round(width * scale)))
        shift = ((columns - inner_columns) // 2, (rows - inner_rows) // 2)
        return Frame(height, width, settings, inner_columns / width, inner_rows / height, shift[0], shift[1])
    scale = max(rows / height, columns / width)
    left, top = (width - min(width, columns / scale)) / 2, (height - min(height, rows / scale)) / 2
    return Frame(height, width, settings, scale, scale, -left * scale, -top * scale)


def frames(store: Store, rows: Sequence[int] | np.ndarray) -> list[Frame]:
    """Return the frames of these rows of a store. A picture that could not be read counts as one of the fitted size."""
    sizes = store.rows[np.asarray(rows, np.int64)]
    settings = store.settings
    return [
        frame(int(height) or settings.height, int(width) or settings.width, settings)
        for height, width in zip(sizes["height"], sizes["width"], strict=True)
    ]
