"""Heat drawn over pictures, and heat maps of fitted pictures brought back to the pictures themselves."""

import numpy as np

from glassnet.data.frames import Frame
from glassnet.tasks.drawing import canvas_of
from glassnet.tasks.palette import heat_colours


def draw_heat(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return uint8 (h, w, 3): the picture uint8 (H, W, 1 or 3) in dark grey with `heat` float (h', w') in [0, 1] over all of it.

    The lighter, the more. The scale is of one hue, its lightness rises evenly, and it is the same for every picture. What is not finite
    counts as 0. Small pictures are enlarged by a whole factor.
    """
    from PIL import Image

    canvas = canvas_of(picture)
    values = np.clip(np.nan_to_num(np.asarray(heat, np.float32), nan=0.0, posinf=1.0, neginf=0.0), 0, 1)
    size = canvas.shape[1], canvas.shape[0]
    large = np.asarray(Image.fromarray(values, "F").resize(size, Image.Resampling.BILINEAR), np.float64)
    grey = canvas.astype(np.float64) @ (0.299, 0.587, 0.114) / 255
    return heat_colours(grey, np.clip(large, 0, 1))


def on_original(heat: np.ndarray, frame: Frame) -> np.ndarray:
    """Return heat (h, w) over the whole of a fitted picture as heat float32 (h', w') over the whole of the picture that was fitted.

    Padding is cut away, and where the fit had cut the picture there is no heat.
    """
    (left, top), (right, bottom) = frame.fitted(np.array([[0.0, 0.0], [frame.width, frame.height]]))
    rows = _cells(top, bottom, frame.settings.height, heat.shape[0])
    columns = _cells(left, right, frame.settings.width, heat.shape[1])
    inside = ((rows >= 0) & (rows < heat.shape[0]))[:, None] & ((columns >= 0) & (columns < heat.shape[1]))
    found = heat[rows.clip(0, heat.shape[0] - 1)][:, columns.clip(0, heat.shape[1] - 1)]
    return np.where(inside, found, 0).astype(np.float32)


def _cells(low: float, high: float, side: int, cells: int) -> np.ndarray:
    """Return int64: the cells of a heat map along one side that a picture from `low` to `high` of `side` pixels lies over."""
    n = max(1, round((high - low) / side * cells))
    return np.floor((low + (np.arange(n) + 0.5) / n * (high - low)) / side * cells).astype(np.int64)
